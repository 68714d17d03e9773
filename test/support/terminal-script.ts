import type { AnswerEvent } from '../../src/contract/index.ts'
import { answered, end, number, text, type Scripted } from './terminal-server.ts'

const begin: AnswerEvent = { type: 'answer-begin', id: 'q', connection: 'demo' }
const customers = Array.from({ length: 400 }, (_, at) => [String(at), `customer ${at}`, at % 7 === 0 ? null : 'Berlin'])

/** One answer of every kind, by what is asked. */
export const script: Readonly<Record<string, Scripted>> = {
  orders: {
    events: answered(
      'SELECT carrier, count(*) AS orders\nFROM sales_order\nGROUP BY 1',
      [text('carrier'), number('orders')],
      [
        ['DHL', '12'],
        [null, '9007199254740993'],
      ],
    ),
  },
  hostile: { events: answered('SELECT 1', [text('cell')], [['\x1b[2J\x1b[31mgotcha']]) },
  customers: { events: answered('SELECT * FROM customer', [number('id'), text('name'), text('city')], customers) },
  cut: {
    events: [...answered('SELECT 1', [number('n')], [['1'], ['2']]).slice(0, -1), end('answered', { rows: 2, truncated: 'row-cap' })],
  },
  hang: { events: [begin], hangs: true },
  half: { events: answered('SELECT 1', [number('n')], [['1']]).slice(0, -1) },
  'half file': { events: [...answered('SELECT 1', [number('n')], [['1']]).slice(0, -1), end('failed')] },
  'hanging file': { events: answered('SELECT 1', [number('n')], [['1']]), hangs: true },
  unknowable: {
    events: [
      begin,
      { type: 'draft-ready', attempt: 1, draft: { kind: 'abstained', drafter: 'builtin', reason: 'Nothing here tells of the weather.' } },
      end('abstained'),
    ],
  },
  best: {
    events: [
      begin,
      {
        type: 'draft-ready',
        attempt: 1,
        draft: { kind: 'clarify', drafter: 'builtin', prompt: 'Best by what?', choices: ['orders', 'customers'] },
      },
      end('needs-clarification'),
    ],
  },
  broken: {
    events: [
      begin,
      end('failed', { failure: { code: 'run.timeout', kind: 'failed', message: 'The statement took too long.', hint: 'Ask for less.' } }),
    ],
  },
  'drop table customer;': refused('drop table customer;'),
}

function refused(sql: string): Scripted {
  const reason = {
    code: 'guard.ddl',
    message: 'DROP changes the schema.',
    span: { start: 11, end: 19 },
    hint: 'Ask the owner of the database.',
  }
  return {
    events: [
      begin,
      {
        type: 'draft-ready',
        attempt: 1,
        draft: { kind: 'drafted', drafter: 'verbatim', sql, params: [], explanation: '', assumptions: [] },
      },
      {
        type: 'verdict-reached',
        attempt: 1,
        verdict: { decision: 'refuse', class: 'ddl', reasons: [reason], tables: [], columns: [], functions: [], masked: [], filtered: [] },
      },
      end('refused'),
    ],
  }
}

/** SQL that the script does not know gets one row. */
export function scripted(asked: string): Scripted {
  return script[asked] ?? { events: answered(asked, [number('one')], [['1']]) }
}
