import type { AnswerEvent } from '../../../contract/index.ts'
import type { PipelineEvent } from '../../../question/index.ts'

export type AnswerEnd = Extract<AnswerEvent, { type: 'answer-end' }>

/** The most a buffered answer may carry, whatever the policy's ceiling: it is held in memory as a whole. */
export const maxBufferedBytes = 64 * 1024 * 1024

export interface Buffered {
  /** `answerShape` as JSON text, put together by hand: cells are stringified batch by batch and never copied again. */
  readonly text: string
  readonly end: AnswerEnd | null
}

export async function bufferAnswer(questionId: string, connection: string, events: AsyncGenerator<PipelineEvent>): Promise<Buffered> {
  let draft = ''
  let verdict = ''
  let more = ''
  let columns = '[]'
  let rows = ''
  let end: AnswerEnd | null = null
  for await (const event of events) {
    if (event.type === 'draft-ready') draft = `,"draft":${JSON.stringify(event.draft)}`
    else if (event.type === 'verdict-reached') verdict = `,"verdict":${lastingJson(event.verdict)}`
    else if (event.type === 'approval-requested') more += `,"approval":${JSON.stringify(event.approval)}`
    else if (event.type === 'write-done') more += `,"affectedRows":${event.affectedRows}`
    else if (event.type === 'rows-begin') columns = lastingJson(event.columns)
    else if (event.type === 'rows-batch') rows += `${rows === '' ? '' : ','}${(event.json ?? JSON.stringify(event.rows)).slice(1, -1)}`
    else if (event.type === 'answer-end') end = event
  }
  const head = JSON.stringify({ id: questionId, connection }).slice(0, -1)
  return { text: `${head}${draft}${verdict}${more},"columns":${columns},"data":[${rows}]${end === null ? '}' : endFields(end)}`, end }
}

/** Of what is the same object for many answers, and never changed: the verdict of statements of one shape, and their columns. */
function lastingJson(value: object): string {
  const known = texts.get(value)
  if (known !== undefined) return known
  const text = JSON.stringify(value)
  texts.set(value, text)
  return text
}

const texts = new WeakMap<object, string>()

function endFields({ outcome, rows, bytes, truncated, timings, failure, chart }: AnswerEnd): string {
  const all = { outcome, rows, bytes, truncated, timings, failure, chart } satisfies Record<Exclude<keyof AnswerEnd, 'type'>, unknown>
  return `,${JSON.stringify(all).slice(1)}`
}
