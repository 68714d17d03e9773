import type { EntryBody, EntryFormat } from '../../contract/index.ts'

/** Lines of a file, without their ends. CSV begins with its header. */
export async function* formatEntries(format: EntryFormat, entries: AsyncIterable<EntryBody>, version: string): AsyncGenerator<string> {
  if (format === 'csv') yield csvColumns.map(([name]) => name).join(',')
  for await (const entry of entries) yield lineOf(format, entry, version)
}

function lineOf(format: EntryFormat, entry: EntryBody, version: string): string {
  switch (format) {
    case 'ndjson':
      return JSON.stringify(entry)
    case 'csv':
      return csvColumns.map(([, value]) => csvField(value(entry))).join(',')
    case 'cef':
      return cefLine(entry, version)
    case 'ocsf':
      return JSON.stringify(ocsfEvent(entry, version))
  }
}

type Value = string | number | null

const csvColumns: readonly (readonly [string, (entry: EntryBody) => Value])[] = [
  ['sequence', (entry) => entry.sequence],
  ['id', (entry) => entry.id],
  ['started_at', (entry) => entry.startedAt],
  ['ended_at', (entry) => entry.endedAt],
  ['member_id', (entry) => entry.actor.memberId],
  ['actor', (entry) => entry.actor.name],
  ['actor_kind', (entry) => entry.actor.kind],
  ['surface', (entry) => entry.actor.surface],
  ['token_id', (entry) => entry.actor.tokenId],
  ['connection', (entry) => entry.connection],
  ['question', (entry) => entry.question],
  ['sql', (entry) => entry.sql],
  ['decision', (entry) => entry.decision],
  ['class', (entry) => entry.class],
  ['reasons', (entry) => entry.reasons.map((reason) => reason.code).join(' ')],
  ['state', (entry) => entry.state],
  ['failure_code', (entry) => entry.failureCode],
  ['rows', (entry) => entry.rows],
  ['bytes', (entry) => entry.bytes],
]

/** RFC 4180. A field that a spreadsheet would take for a formula is made plain text: questions are other people's words. */
function csvField(value: Value): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const plain = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}

/** 0 to 10, as CEF counts. */
function cefSeverity({ state }: EntryBody): number {
  if (state === 'refused') return 5
  if (state === 'failed' || state === 'lost') return 6
  return state === 'needs-approval' || state === 'abandoned' ? 3 : 1
}

/** ArcSight Common Event Format, version 0: one header, then `key=value` pairs. */
function cefLine(entry: EntryBody, version: string): string {
  const header = ['AI-Shell', 'aishell', version, `question.${entry.state}`, `Question ${entry.state}`, String(cefSeverity(entry))]
  const pairs: readonly (readonly [string, Value])[] = [
    ['rt', Date.parse(entry.startedAt)],
    ['end', entry.endedAt === null ? null : Date.parse(entry.endedAt)],
    ['externalId', entry.id],
    ['suid', entry.actor.memberId],
    ['suser', entry.actor.name],
    ['app', entry.actor.surface],
    ['act', entry.decision],
    ['outcome', entry.state],
    ['reason', entry.failureCode ?? (entry.reasons.map((reason) => reason.code).join(' ') || null)],
    ['cn1Label', 'sequence'],
    ['cn1', entry.sequence],
    ['cn2Label', entry.rows === null ? null : 'rows'],
    ['cn2', entry.rows],
    ['cs1Label', 'connection'],
    ['cs1', entry.connection],
    ['cs2Label', entry.sql === null ? null : 'sql'],
    ['cs2', entry.sql],
    ['cs3Label', entry.question === null ? null : 'question'],
    ['cs3', entry.question],
    ['cs4Label', 'actorKind'],
    ['cs4', entry.actor.kind],
  ]
  const extension = pairs.flatMap(([key, value]) => (value === null ? [] : [`${key}=${cefValue(String(value))}`]))
  return `CEF:0|${header.map(cefHeader).join('|')}|${extension.join(' ')}`
}

function cefHeader(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('|', '\\|')
    .replaceAll(/[\r\n]+/g, ' ')
}

function cefValue(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('=', '\\=').replaceAll('\r', '\\r').replaceAll('\n', '\\n')
}

const succeeded: readonly EntryBody['state'][] = ['answered', 'drafted']

/** Open Cybersecurity Schema Framework 1.3, class 6005 Datastore Activity, activity 4 Query. */
function ocsfEvent(entry: EntryBody, version: string): object {
  const isOpen = entry.state === 'open'
  const statusId = isOpen ? 0 : succeeded.includes(entry.state) ? 1 : 2
  const severity = cefSeverity(entry) >= 5 ? { severity_id: 3, severity: 'Medium' } : { severity_id: 1, severity: 'Informational' }
  return {
    category_uid: 6,
    category_name: 'Application Activity',
    class_uid: 6005,
    class_name: 'Datastore Activity',
    activity_id: 4,
    activity_name: 'Query',
    type_uid: 600504,
    type_name: 'Datastore Activity: Query',
    type_id: 1,
    type: 'Database',
    ...severity,
    time: Date.parse(entry.startedAt),
    start_time: Date.parse(entry.startedAt),
    ...(entry.endedAt === null ? {} : { end_time: Date.parse(entry.endedAt) }),
    status_id: statusId,
    status: ['Unknown', 'Success', 'Failure'][statusId],
    status_code: entry.failureCode ?? entry.state,
    metadata: {
      version: '1.3.0',
      uid: entry.id,
      sequence: entry.sequence,
      logged_time: Date.parse(entry.startedAt),
      product: { name: 'AI-Shell', vendor_name: 'AI-Shell', version },
    },
    actor: { user: { uid: entry.actor.memberId, name: entry.actor.name, type: entry.actor.kind }, app_name: entry.actor.surface },
    src_endpoint: { name: entry.actor.surface },
    database: { name: entry.connection },
    query_info: {
      uid: entry.id,
      ...(entry.sql === null ? {} : { query_string: entry.sql }),
      ...(entry.bytes === null ? {} : { bytes: entry.bytes }),
    },
    unmapped: {
      question: entry.question,
      decision: entry.decision,
      class: entry.class,
      reasons: entry.reasons.map((reason) => reason.code),
      rows: entry.rows,
      truncated: entry.truncated,
    },
  }
}
