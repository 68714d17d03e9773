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

/** What comes before the rows, filled as it is heard. */
interface Head {
  readonly id: string
  readonly connection: string
  draft?: EventOf<'draft-ready'>['draft']
  verdict?: EventOf<'verdict-reached'>['verdict']
  approval?: EventOf<'approval-requested'>['approval']
  affectedRows?: EventOf<'write-done'>['affectedRows']
  columns?: EventOf<'rows-begin'>['columns']
}

type EventOf<Type extends PipelineEvent['type']> = Extract<PipelineEvent, { type: Type }>

export async function bufferAnswer(questionId: string, connection: string, events: AsyncGenerator<PipelineEvent>): Promise<Buffered> {
  const head: Head = { id: questionId, connection }
  let end: AnswerEnd | null = null
  let rows = ''
  for await (const event of events) {
    if (event.type === 'draft-ready') head.draft = event.draft
    else if (event.type === 'verdict-reached') head.verdict = event.verdict
    else if (event.type === 'approval-requested') head.approval = event.approval
    else if (event.type === 'write-done') head.affectedRows = event.affectedRows
    else if (event.type === 'rows-begin') head.columns = event.columns
    else if (event.type === 'rows-batch') rows += `${rows === '' ? '' : ','}${(event.json ?? JSON.stringify(event.rows)).slice(1, -1)}`
    else if (event.type === 'answer-end') end = event
  }
  head.columns ??= []
  return { text: `${JSON.stringify(head).slice(0, -1)},"data":[${rows}]${end === null ? '}' : endFields(end)}`, end }
}

function endFields({ outcome, rows, bytes, truncated, timings, failure, chart }: AnswerEnd): string {
  const all = { outcome, rows, bytes, truncated, timings, failure, chart } satisfies Record<Exclude<keyof AnswerEnd, 'type'>, unknown>
  return `,${JSON.stringify(all).slice(1)}`
}
