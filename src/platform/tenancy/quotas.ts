import { andThen, orUndo, ShellError, utcDay, type Awaitable, type Scope } from '../../domain/index.ts'
import type { QuotasBody, UsageBody } from '../../contract/index.ts'
import type { Observe } from '../observe/index.ts'
import { sql, type Store } from '../store/index.ts'

/** Answers under way on the other servers, as far as they are heard. */
export interface RunningElsewhere {
  count(tenantId: string): number
  /** One more is under way here, and they are so many now: the others are told, until they have ended. */
  began(tenantId: string, running: number): void
  /** Of a tenant of which nobody was told that one began, nobody is told. */
  ended(tenantId: string, running: number): void
}

export interface QuotasOptions {
  readonly store: Store
  readonly observe: Observe
  readonly quotasOf: (scope: Scope) => Awaitable<QuotasBody>
  /** Left out: this server is the only one. */
  readonly elsewhere?: RunningElsewhere
  readonly now?: () => Date
}

/** One answer under way, as its tenant's quotas see it. */
export interface Ticket {
  /** Rows it may still give; null: any number. */
  readonly maxRows: number | null
  /** Once, when it is over. */
  end(rows: number): void
}

interface Counts {
  questions: number
  rows: number
  modelTokens: number
}

interface Day {
  readonly day: string
  /** What the store has, of all servers; read at the first question that a quota looks at. */
  stored: Counts | null
  /** What this server has counted and not brought there yet. */
  fresh: Counts
  /** What is on its way there. */
  brought: Counts
}

const flushMs = 1_000
const none = (): Counts => ({ questions: 0, rows: 0, modelTokens: 0 })

/**
 * Counts questions, rows and model tokens per tenant and day, and says no when a quota is used up. Counting costs an
 * answer nothing: counts are brought to the store once a second. Of several servers each learns of the others' counts then,
 * so together they may go over by what one second brings. Of answers at once they tell one another as they begin and end.
 */
export class Quotas {
  readonly #options: QuotasOptions
  readonly #days = new Map<string, Day>()
  readonly #running = new Map<string, number>()
  readonly #timer: NodeJS.Timeout
  #flushing: Promise<void> = Promise.resolve()

  constructor(options: QuotasOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.flush(), flushMs).unref()
  }

  /** Throws `tenancy.quota-concurrency`, `tenancy.quota-questions`, `tenancy.quota-rows`. */
  begin(scope: Scope): Awaitable<Ticket> {
    return andThen(this.#options.quotasOf(scope), (quotas) => this.#begin(scope, quotas))
  }

  #begin(scope: Scope, quotas: QuotasBody): Awaitable<Ticket> {
    const running = this.#running.get(scope.tenantId) ?? 0
    const { concurrentQuestions } = quotas
    if (concurrentQuestions !== null && running + this.#elsewhere(scope) >= concurrentQuestions)
      throw over('concurrency', `Your tenant may have ${concurrentQuestions} answers under way at once.`, 1)
    this.#running.set(scope.tenantId, running + 1)
    if (concurrentQuestions !== null) this.#options.elsewhere?.began(scope.tenantId, running + 1)
    return orUndo(
      () => andThen(this.#learn(scope, quotas), () => this.#admitted(scope, quotas)), // in one step with its count: who asks in the same moment sees it
      () => this.#leave(scope),
    )
  }

  /** Throws `tenancy.quota-tokens`. */
  async checkTokens(scope: Scope): Promise<void> {
    const quotas = await this.#options.quotasOf(scope)
    const { modelTokensPerDay } = quotas
    if (modelTokensPerDay === null) return
    await this.#learn(scope, quotas)
    if (this.#used(scope).modelTokens >= modelTokensPerDay)
      throw over(
        'tokens',
        `Your tenant's ${modelTokensPerDay} model tokens of today are spent.`,
        this.#untilTomorrowS(),
        'Ask in SQL, or wait.',
      )
  }

  spendTokens(scope: Scope, tokens: number): void {
    this.#day(scope).fresh.modelTokens += tokens
  }

  async usage(scope: Scope): Promise<UsageBody> {
    await this.flush()
    const { rows } = await this.#options.store.within(scope, (query) =>
      sql<{ day: string; questions: string; rows: string; model_tokens: string }>`
        SELECT day::text, questions, rows, model_tokens FROM tenant_usage WHERE tenant_id = ${scope.tenantId} ORDER BY day DESC LIMIT 400`.execute(
        query,
      ),
    )
    const days = rows.map((row) => ({
      day: row.day,
      questions: Number(row.questions),
      rows: Number(row.rows),
      modelTokens: Number(row.model_tokens),
    }))
    return { quotas: await this.#options.quotasOf(scope), running: (this.#running.get(scope.tenantId) ?? 0) + this.#elsewhere(scope), days }
  }

  /** Brings what was counted to the store; one at a time. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#flushAll())
    return this.#flushing
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.flush()
  }

  #admitted(scope: Scope, { questionsPerDay, rowsPerDay }: QuotasBody): Ticket {
    const used = this.#used(scope)
    if (questionsPerDay !== null && used.questions >= questionsPerDay)
      throw over('questions', `Your tenant's ${questionsPerDay} questions of today are used up.`, this.#untilTomorrowS())
    if (rowsPerDay !== null && used.rows >= rowsPerDay)
      throw over('rows', `Your tenant's ${rowsPerDay} rows of today are used up.`, this.#untilTomorrowS())
    this.#day(scope).fresh.questions += 1
    let isOver = false
    return {
      maxRows: rowsPerDay === null ? null : rowsPerDay - used.rows,
      end: (rows) => {
        if (isOver) return
        isOver = true
        this.#day(scope).fresh.rows += rows
        this.#leave(scope)
      },
    }
  }

  #leave(scope: Scope): void {
    const running = (this.#running.get(scope.tenantId) ?? 1) - 1
    if (running > 0) this.#running.set(scope.tenantId, running)
    else this.#running.delete(scope.tenantId)
    this.#options.elsewhere?.ended(scope.tenantId, running)
  }

  #elsewhere({ tenantId }: Scope): number {
    return this.#options.elsewhere?.count(tenantId) ?? 0
  }

  /** Reads what the store has of today; where no quota of a day is set, nothing is read. */
  #learn(scope: Scope, quotas: QuotasBody): Awaitable<void> {
    if (quotas.questionsPerDay === null && quotas.rowsPerDay === null && quotas.modelTokensPerDay === null) return
    const day = this.#day(scope)
    return day.stored === null ? this.#learnFrom(scope, day) : undefined
  }

  async #learnFrom(scope: Scope, day: Day): Promise<void> {
    const stored = await this.#read(scope, day.day)
    day.stored ??= stored // a flush may have been faster, and knows more
  }

  /** As far as it is known here. */
  #used(scope: Scope): Counts {
    const { stored, fresh, brought } = this.#day(scope)
    return sum(stored ?? none(), sum(brought, fresh))
  }

  #day(scope: Scope): Day {
    const today = utcDay(this.#now())
    const held = this.#days.get(scope.tenantId)
    if (held?.day === today) return held
    if (held !== undefined && hasAny(held.fresh)) void this.#bring(scope, held).catch((error: unknown) => this.#failed(error))
    const fresh: Day = { day: today, stored: null, fresh: none(), brought: none() }
    this.#days.set(scope.tenantId, fresh)
    return fresh
  }

  async #read(scope: Scope, day: string): Promise<Counts> {
    const row = await this.#options.store.within(scope, (query) =>
      query
        .selectFrom('tenant_usage')
        .select(['questions', 'rows', 'model_tokens'])
        .where('tenant_id', '=', scope.tenantId)
        .where('day', '=', day)
        .executeTakeFirst(),
    )
    return row === undefined ? none() : { questions: Number(row.questions), rows: Number(row.rows), modelTokens: Number(row.model_tokens) }
  }

  async #flushAll(): Promise<void> {
    for (const [tenantId, day] of this.#days) {
      if (!hasAny(day.fresh)) continue
      await this.#bring({ tenantId }, day).catch((error: unknown) => this.#failed(error))
    }
  }

  /** What cannot be brought now is kept and brought with the next. */
  async #bring(scope: Scope, day: Day): Promise<void> {
    const counts = day.fresh
    day.fresh = none()
    day.brought = counts
    try {
      const { rows } = await this.#options.store.within(scope, (query) =>
        sql<{ questions: string; rows: string; model_tokens: string }>`
          INSERT INTO tenant_usage AS u (tenant_id, day, questions, rows, model_tokens)
          VALUES (${scope.tenantId}, ${day.day}::date, ${counts.questions}, ${counts.rows}, ${counts.modelTokens})
          ON CONFLICT (tenant_id, day) DO UPDATE SET questions = u.questions + excluded.questions, rows = u.rows + excluded.rows,
            model_tokens = u.model_tokens + excluded.model_tokens
          RETURNING questions, rows, model_tokens`.execute(query),
      )
      const [row] = rows
      if (row !== undefined)
        day.stored = { questions: Number(row.questions), rows: Number(row.rows), modelTokens: Number(row.model_tokens) }
    } catch (error) {
      if ((error as { code?: unknown }).code === '23503') return // the tenant has been erased meanwhile
      day.fresh = sum(day.fresh, counts)
      throw error
    } finally {
      day.brought = none()
    }
  }

  #failed(error: unknown): void {
    this.#options.observe({ type: 'failure', code: 'tenancy.usage', error })
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date()
  }

  #untilTomorrowS(): number {
    const now = this.#now()
    return Math.ceil((Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1) - now.getTime()) / 1_000)
  }
}

function sum(a: Counts, b: Counts): Counts {
  return { questions: a.questions + b.questions, rows: a.rows + b.rows, modelTokens: a.modelTokens + b.modelTokens }
}

function hasAny({ questions, rows, modelTokens }: Counts): boolean {
  return questions + rows + modelTokens > 0
}

function over(
  what: string,
  message: string,
  retryAfterS: number,
  hint = 'Try again later, or ask the operator of this installation for more.',
): ShellError {
  return new ShellError({ code: `tenancy.quota-${what}`, kind: 'busy', message, hint, retryAfterS })
}
