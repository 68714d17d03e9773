import { loadModule, parseSync } from 'libpg-query'
import { openPolicy } from '../../src/domain/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { catalogFrom } from '../../test/support/catalog-from.ts'
import { about, saveResult } from '../report.ts'

/**
 * `node bench/guard/speed.ts`: what one judging costs, uncached and cached, beside the bare parser on the same text in the same
 * run; microseconds of processor time of this thread, median of the rounds.
 */
const rounds = 15
const columns = ['id', 'name', 'email', 'city', 'created_at', 'total', 'status', 'region']
const catalog = catalogFrom('postgres', [
  { name: 'customer', columns },
  { name: 'sales_order', columns: ['order_id', 'customer_id', 'placed_at', 'amount', 'state', 'carrier_id'] },
  { name: 'carrier', columns: ['carrier_id', 'label', 'country'] },
])
const hundred = (at: number): string =>
  `SELECT name, city, total FROM customer WHERE id = ${at} AND status = 'open' ORDER BY total LIMIT 10`
const thousand = (at: number): string => `
  WITH recent AS (SELECT o.customer_id, o.carrier_id, sum(o.amount) AS spent, count(*) AS orders, max(o.placed_at) AS last_order
    FROM sales_order o WHERE o.placed_at >= date '2026-01-01' AND o.state IN ('open', 'shipped', 'paid') AND o.amount > ${at}
    GROUP BY o.customer_id, o.carrier_id HAVING count(*) > 2)
  SELECT c.id, c.name, upper(c.city) AS city, coalesce(r.spent, 0) AS spent, r.orders, a.label AS carrier,
    round(r.spent / nullif(r.orders, 0), 2) AS average_order, rank() OVER (PARTITION BY c.region ORDER BY r.spent DESC) AS place,
    CASE WHEN r.spent > 10000 THEN 'gold' WHEN r.spent > 1000 THEN 'silver' ELSE 'none' END AS level
  FROM customer c JOIN recent r ON r.customer_id = c.id LEFT JOIN carrier a ON a.carrier_id = r.carrier_id
  WHERE c.status <> 'closed' AND c.created_at < now() - interval '30 days' AND (c.email LIKE '%@example.com' OR c.city = 'Lisbon')
  ORDER BY place, spent DESC NULLS LAST LIMIT 100`

interface Measured {
  readonly text: string
  readonly bytes: number
  readonly parseMicros: Spread
  readonly uncachedMicros: Spread
  readonly cachedMicros: Spread
}

interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

const guard = createGuard({ cachedVerdicts: 100_000 })
const context = {
  catalog,
  dialect: 'postgres',
  policy: openPolicy,
  roles: ['reader'],
  connectionId: 'bench',
  limits: openPolicy.defaults,
} as const
let nextNumber = 1_000_000

async function measure(text: string, make: (at: number) => string, times: number): Promise<Measured> {
  const judge = async (sql: string): Promise<void> => void (await guard.guard({ sql, params: [] }, context))
  const one = make(7)
  for (let at = 0; at < times * 3; at++) await judge(make(nextNumber++)) // the engine warms up
  const [parse, uncached, cached]: [number[], number[], number[]] = [[], [], []]
  for (let round = 0; round < rounds; round++) {
    const fresh = Array.from({ length: times }, () => make(nextNumber++))
    parse.push(await microsOf(fresh, (sql) => void parseSync(sql)))
    uncached.push(await microsOf(fresh, judge))
    cached.push(
      await microsOf(
        fresh.map(() => one),
        judge,
      ),
    )
  }
  return { text, bytes: Buffer.byteLength(one), parseMicros: spread(parse), uncachedMicros: spread(uncached), cachedMicros: spread(cached) }
}

/** Processor time of this thread per call: other work on the machine counts less than on a clock. */
async function microsOf(texts: readonly string[], act: (sql: string) => unknown): Promise<number> {
  const before = process.threadCpuUsage()
  for (const text of texts) await act(text)
  const spent = process.threadCpuUsage(before)
  return (spent.user + spent.system) / texts.length
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (place: number): number => Math.round(10 * (sorted[place] ?? 0)) / 10
  return { median: at(Math.floor(sorted.length / 2)), min: at(0), max: at(sorted.length - 1) }
}

await loadModule()
const rows = [await measure('about 100 bytes', hundred, 400), await measure('about 1 kB', thousand, 100)]
await guard.close()
const report = { ...about('node bench/guard/speed.ts'), rows }
saveResult('guard-speed', report)
console.log(JSON.stringify(report.rows, null, 2))
