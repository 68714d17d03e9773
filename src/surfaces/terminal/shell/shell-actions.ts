import { homedir } from 'node:os'
import type { QuestionBody } from '../../../contract/index.ts'
import { exportFormats, type ExportFormat } from '../export/row-stream.ts'
import { exportRows, widestLimits } from '../export/export-rows.ts'
import { exportSummary } from '../export/export-end.ts'
import { historyLines } from '../render/history-view.ts'
import { countOf } from '../render/answer-words.ts'
import { showDraft } from '../render/draft-view.ts'
import { findRelation, matchRelations, relationLines, relationListLines, type ListingLook } from '../render/relation-view.ts'
import { findConnection } from '../session.ts'
import { usageError } from '../usage-error.ts'
import { approvals } from './approvals-action.ts'
import { shellCommands, type ShellCommandName } from './shell-commands.ts'
import type { ShellState } from './shell-state.ts'
import { isSql } from './sql-or-language.ts'

type Action = (state: ShellState, rest: string, signal: AbortSignal) => Promise<void>

/** What each backslash command does; `\sql` and `\ask` are inputs and run with them. */
export const shellActions: Readonly<Record<Exclude<ShellCommandName, '\\sql' | '\\ask'>, Action>> = {
  '\\d': (state, rest) => (rest === '' ? list(state, () => true) : describe(state, rest)),
  '\\dt': (state) => list(state, (kind) => kind.includes('table')),
  '\\dv': (state) => list(state, (kind) => kind.includes('view')),
  '\\c': switchConnection,
  '\\explain': explain,
  '\\export': exportAnswer,
  '\\history': history,
  '\\approvals': approvals,
  '\\x': async (state) => {
    state.isExpanded = !state.isExpanded
    await say(state, `One line per column is ${state.isExpanded ? 'on' : 'off'}.`)
  },
  '\\timing': async (state) => {
    state.isTimed = !state.isTimed
    await say(state, `Timing is ${state.isTimed ? 'on' : 'off'}.`)
  },
  '\\limit': limit,
  '\\help': help,
  '\\q': async (state) => {
    state.isLeaving = true
  },
}

async function say(state: ShellState, text: string): Promise<void> {
  await state.screen.talk.lines([text])
}

function look(state: ShellState): ListingLook {
  const { paint, style, columns } = state.screen
  return { paint, style, columns: style === 'screen' ? columns() : null }
}

async function list(state: ShellState, isWanted: (kind: string) => boolean): Promise<void> {
  const catalog = await state.catalogs.load(state.connection.name)
  const relations = catalog.relations.filter((relation) => isWanted(relation.kind))
  if (relations.length === 0) return say(state, 'There is none that you may see.')
  await show(state, relationListLines(relations, look(state)), countOf(relations.length, 'relation'))
}

async function describe(state: ShellState, name: string): Promise<void> {
  const known = await state.catalogs.load(state.connection.name)
  const catalog = findRelation(known, name) === null ? await state.catalogs.load(state.connection.name, { refresh: true }) : known
  const relation = findRelation(catalog, name)
  if (relation !== null) return show(state, relationLines(relation, catalog, look(state)), relation.name)
  const near = matchRelations(catalog, name)
  if (near.length === 0) throw usageError(`There is no table or view '${name}' that you may see.`, '\\d lists those there are.')
  await show(state, relationListLines(near, look(state)), countOf(near.length, 'relation'))
}

/** Through the pager when taller than the screen. */
async function show(state: ShellState, lines: readonly string[], footer: string): Promise<void> {
  const { page, out, rows, columns } = state.screen
  if (page === null || lines.length + 2 <= rows()) return out.lines(lines)
  await page({ header: [], lineCount: lines.length, line: (at) => plainText(lines[at] ?? ''), width: columns(), footer })
}

function plainText(line: string): string {
  // oxlint-disable-next-line no-control-regex -- these are our own colours; cells had theirs made visible before
  return line.replace(/\x1b\[\d+m/g, '')
}

async function switchConnection(state: ShellState, name: string): Promise<void> {
  state.connections = await state.session.client.connections()
  if (name === '') {
    const lines = state.connections.map((connection) => {
      const mark = connection.name === state.connection.name ? '*' : ' '
      return `${mark} ${connection.name} (${connection.engine})${connection.description === '' ? '' : `: ${connection.description}`}`
    })
    return state.screen.out.lines(lines)
  }
  state.connection = findConnection(state.connections, name)
  state.last = null
  state.catalogs.peek(state.connection.name)
  await say(state, `Now asking ${state.connection.name} (${state.connection.engine}).`)
}

async function explain(state: ShellState, text: string, signal: AbortSignal): Promise<void> {
  if (text === '' && state.last === null) throw usageError('There is nothing to explain yet.', '\\explain how many customers are there')
  const asked = text === '' ? (state.last ?? { sql: '' }) : isSql(text) ? { sql: text } : { text }
  const body = { connection: state.connection.name, ...asked, explain: true }
  state.screen.spinner.start('thinking…')
  try {
    const answer = await state.session.client.draft(body, signal)
    state.screen.spinner.stop()
    state.leaveWith(await showDraft(answer, state.screen))
  } finally {
    state.screen.spinner.stop()
  }
}

async function exportAnswer(state: ShellState, rest: string, signal: AbortSignal): Promise<void> {
  const [, format = '', quoted, bare, text = ''] = /^(\S+)\s+(?:"([^"]+)"|(\S+))\s*([\s\S]*)$/.exec(rest) ?? []
  const file = quoted ?? bare
  if (!isFormat(format) || file === undefined)
    throw usageError('\\export takes a format and a file.', 'For example: \\export csv orders.csv')
  if (text === '' && state.last === null)
    throw usageError('There is no answer to export yet.', 'Ask something first, or give SQL or a question after the file.')
  const asked = text === '' ? (state.last ?? { sql: '' }) : isSql(text) ? { sql: text } : { text }
  const body: QuestionBody = {
    connection: state.connection.name,
    ...asked,
    limits: state.maxRows === null ? widestLimits : { ...widestLimits, maxRows: state.maxRows },
  }
  const order = { body, format, path: file.replace(/^~(?=\/)/, homedir()), isPartWelcome: state.maxRows !== null }
  state.screen.spinner.start('exporting…')
  try {
    const end = await exportRows(state.session, order, state.screen.out, signal)
    state.screen.spinner.stop()
    await state.screen.talk.lines(exportSummary(end, order.path))
  } finally {
    state.screen.spinner.stop()
  }
}

function isFormat(text: string): text is ExportFormat {
  return exportFormats.some((format) => format === text)
}

async function history(state: ShellState, rest: string): Promise<void> {
  const count = rest === '' ? 20 : Number(rest)
  if (!Number.isInteger(count) || count < 1) throw usageError('\\history takes a number of entries.')
  const { items } = await state.session.client.history({ limit: count })
  await show(state, historyLines(items, look(state)), countOf(items.length, 'entry'))
}

async function limit(state: ShellState, rest: string): Promise<void> {
  if (rest === '')
    return say(state, state.maxRows === null ? 'The row limit is the policy’s own.' : `At most ${countOf(state.maxRows, 'row')}.`)
  const rows = Number(rest.replaceAll(/[_,]/g, ''))
  const isDefault = /^(default|off|none)$/i.test(rest)
  if (!isDefault && (!Number.isSafeInteger(rows) || rows < 1)) throw usageError('\\limit takes a number of rows from 1, or `default`.')
  state.maxRows = isDefault ? null : rows
  await say(state, isDefault ? 'The row limit is the policy’s own.' : `At most ${countOf(rows, 'row')} from now on.`)
}

async function help(state: ShellState): Promise<void> {
  const width = Math.max(...shellCommands.map(({ usage }) => usage.length))
  await state.screen.out.lines([
    'Ask in plain language and press Enter. SQL runs at its semicolon, or at an empty line.',
    'A line that ends in \\ goes on. Tab completes, ↑ recalls, Ctrl-C stops what runs, Ctrl-D leaves.',
    '',
    ...shellCommands.map(({ usage, does }) => `  ${state.screen.paint.bold(usage.padEnd(width))}  ${does}`),
  ])
}
