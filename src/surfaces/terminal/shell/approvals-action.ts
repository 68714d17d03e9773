import { approvalLines, approvalRow } from '../render/approval-view.ts'
import { usageError } from '../usage-error.ts'
import type { ShellState } from './shell-state.ts'

/** `\approvals` lists what waits; with an id one of them, with a word behind it a decision. */
export async function approvals(state: ShellState, rest: string): Promise<void> {
  const { client } = state.session
  const [id = '', word, ...more] = rest.split(/\s+/)
  if (more.length > 0) throw usageError('\\approvals takes an id and a decision.', '\\approvals 0190… approve')
  if (id === '') {
    const { items } = await client.approvals({ state: 'requested' })
    if (items.length === 0) return state.screen.talk.lines(['Nothing waits for a person.'])
    return state.screen.out.lines(items.map((one) => approvalRow(one).join('  ')))
  }
  if (word === undefined) return state.screen.out.lines(approvalLines(await client.approval(id)))
  if (word === 'cancel') return state.screen.out.lines(approvalLines(await client.cancelApproval(id)))
  if (word !== 'approve' && word !== 'reject') throw usageError(`There is no decision '${word}'.`, 'approve, reject or cancel')
  await state.screen.out.lines(approvalLines(await client.decide(id, word)))
}
