import type { QuestionBody } from '../../../contract/index.ts'
import { codeOfOutcome, exitCodes } from '../exit-codes.ts'
import { showAnswer } from '../render/answer-view.ts'
import { printable } from '../render/printable.ts'
import { isAbort, troubleLines, troubleOf } from '../trouble.ts'
import { usageError } from '../usage-error.ts'
import type { Input } from './input-gatherer.ts'
import { shellActions } from './shell-actions.ts'
import { parseShellCommand } from './shell-commands.ts'
import type { ShellState } from './shell-state.ts'

/** Does one thing and shows how it went; what goes wrong ends the input, not the shell. */
export async function runInput(state: ShellState, input: Input, signal: AbortSignal): Promise<void> {
  try {
    await perform(state, input, signal)
  } catch (error) {
    state.screen.spinner.stop()
    const { talk, talkPaint } = state.screen
    if (isAbort(error)) {
      state.leaveWith(exitCodes.interrupted)
      return talk.lines([talkPaint.yellow('Cancelled.')])
    }
    const trouble = troubleOf(error)
    if (trouble.problem.code === 'terminal.reader-gone') {
      state.isLeaving = true
      return
    }
    state.leaveWith(trouble.exitCode)
    if (state.isJson) return state.context.json(trouble.problem)
    await talk.lines(troubleLines(trouble, talkPaint))
  }
}

async function perform(state: ShellState, input: Input, signal: AbortSignal): Promise<void> {
  if (input.kind === 'statement') return ask(state, { sql: input.sql }, signal)
  if (input.kind === 'question') return ask(state, { text: await pickedOr(state, input.text) }, signal)
  const command = parseShellCommand(input.text)
  if (command === null) throw usageError(`There is no command ${input.text.split(/\s/)[0] ?? ''}.`, '\\help lists the commands.')
  const { name, rest } = command
  if (name !== '\\sql' && name !== '\\ask') return shellActions[name](state, rest, signal)
  if (rest === '') throw usageError(`${name} takes ${name === '\\sql' ? 'a statement' : 'a question'} after it.`)
  return ask(state, name === '\\sql' ? { sql: rest } : { text: rest }, signal)
}

/** A number after a clarification picks one of its questions. */
async function pickedOr(state: ShellState, text: string): Promise<string> {
  const picked = /^\d+$/.test(text) ? state.choices[Number(text) - 1] : undefined
  if (picked === undefined) return text
  await state.screen.talk.lines([state.screen.talkPaint.dim(`  ${printable(picked)}`)])
  return picked
}

async function ask(state: ShellState, asked: { readonly sql: string } | { readonly text: string }, signal: AbortSignal): Promise<void> {
  const body: QuestionBody = {
    connection: state.connection.name,
    ...asked,
    conversation: state.conversation,
    ...(state.maxRows === null ? {} : { limits: { maxRows: state.maxRows } }),
  }
  if (state.isJson) {
    const answer = await state.session.client.answer(body, signal)
    state.leaveWith(codeOfOutcome(answer.outcome))
    return state.context.json(answer)
  }
  const options = { isExpanded: state.isExpanded, isTimed: state.isTimed, isShell: true }
  const shown = await showAnswer(state.session.client.ask(body, signal), state.screen, options)
  state.choices = shown.choices
  if (shown.sql !== null && shown.outcome === 'answered') state.last = { sql: shown.sql, params: shown.params }
  state.leaveWith(shown.exitCode)
}
