import { beforeAll, describe, expect, test } from 'vitest'
import { draftBuiltin } from '../../src/question/ask/index.ts'
import { judgeDraft, openAsking, type Asking } from '../support/judged-draft.ts'

let asking: Asking
beforeAll(async () => {
  asking = await openAsking('helpdesk.sql', '2026-11-24')
})

const answered: readonly (readonly [how: string, question: string, gold: string])[] = [
  [
    'a verb of the thing’s own date is that date, though no row lies in it',
    'users created last month',
    "SELECT full_name FROM app_user WHERE created_at >= '2026-10-01' AND created_at < '2026-11-01'",
  ],
  [
    'the newest by when their rows were written, where nothing else says when they came',
    'newest users',
    'SELECT full_name FROM app_user ORDER BY created_at DESC LIMIT 1',
  ],
  [
    'not by when some of them ended',
    'list the 5 latest tickets of Org 7',
    "SELECT t.* FROM ticket t JOIN organization o ON o.id = organization_id WHERE o.name = 'Org 7' ORDER BY t.created_at DESC LIMIT 5",
  ],
  [
    'of several dates the one that begins',
    'total invoices per month',
    "SELECT date_trunc('month', issued_on), sum(total) FROM invoice GROUP BY 1 ORDER BY 1",
  ],
  [
    'money of what was invoiced, by its own date',
    'revenue per month in 2025',
    "SELECT date_trunc('month', issued_on), sum(total) FROM invoice WHERE extract(year FROM issued_on) = 2025 GROUP BY 1 ORDER BY 1",
  ],
  ['the opposite of a yes-or-no column', 'emails of inactive users', 'SELECT email FROM app_user WHERE NOT is_active'],
  [
    'what has not happened to it has no day',
    'urgent tickets that are not resolved',
    "SELECT title FROM ticket WHERE priority = 'urgent' AND resolved_at IS NULL",
  ],
  [
    'what is ranked, not what it is ranked by',
    'top 5 organizations by number of users',
    'SELECT o.name FROM organization o JOIN app_user u ON o.id = organization_id GROUP BY o.id ORDER BY count(*) DESC LIMIT 5',
  ],
  ['how many of a number is their sum', 'how many seats in total?', 'SELECT sum(seats) FROM subscription'],
  ['a state and a bound together', 'invoices over 400 that are unpaid', 'SELECT id FROM invoice WHERE total > 400 AND paid_on IS NULL'],
]

describe('the built-in drafter, at a service it has never seen,', () => {
  test.each(answered)('reads %s: %s', async (_how, question, gold) => {
    const isOrdered = /order by 1|limit 5/i.test(gold)
    expect(await judgeDraft(asking, question, gold, isOrdered && !/count/.test(gold))).toMatchObject({ isRight: true })
  })

  test.each(['overdue invoices', 'average time to resolve tickets', 'which organization pays the most?'])('abstains: %s', (question) => {
    expect(draftBuiltin(question, asking).kind).toBe('abstained')
  })
})
