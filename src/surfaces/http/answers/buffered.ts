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
  let approval = ''
  let affected = ''
  let columns = '[]'
  let end: AnswerEnd | null = null
  const batches: string[] = []
  for await (const event of events) {
    if (event.type === 'draft-ready') draft = `,"draft":${JSON.stringify(event.draft)}`
    else if (event.type === 'verdict-reached') verdict = `,"verdict":${JSON.stringify(event.verdict)}`
    else if (event.type === 'approval-requested') approval = `,"approval":${JSON.stringify(event.approval)}`
    else if (event.type === 'write-done') affected = `,"affectedRows":${event.affectedRows}`
    else if (event.type === 'rows-begin') columns = JSON.stringify(event.columns)
    else if (event.type === 'rows-batch') batches.push((event.json ?? JSON.stringify(event.rows)).slice(1, -1))
    else if (event.type === 'answer-end') end = event
  }
  const head = `{"id":${JSON.stringify(questionId)},"connection":${JSON.stringify(connection)}`
  const rows = `,"columns":${columns},"data":[${batches.join(',')}]`
  return { text: `${head}${draft}${verdict}${approval}${affected}${rows}${end === null ? '' : endFields(end)}}`, end }
}

function endFields(end: AnswerEnd): string {
  const { type: _eventName, ...fields } = end
  return `,${JSON.stringify(fields).slice(1, -1)}`
}
