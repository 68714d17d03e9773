import { answerEventShape, type AnswerEvent } from './answer.ts'

/** Parses server-sent events (WHATWG HTML §9.2) whose data is one answer event each; comments (heartbeats) are skipped. */
export async function* readEvents(response: Response): AsyncGenerator<AnswerEvent> {
  if (response.body === null) return
  const decoder = new TextDecoder()
  let buffer = ''
  for await (const chunk of response.body) {
    buffer += decoder.decode(chunk, { stream: true })
    let end = buffer.indexOf('\n\n')
    while (end >= 0) {
      const event = parseBlock(buffer.slice(0, end))
      if (event !== null) yield event
      buffer = buffer.slice(end + 2)
      end = buffer.indexOf('\n\n')
    }
  }
}

function parseBlock(block: string): AnswerEvent | null {
  const data = block
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).trimStart())
    .join('\n')
  if (data === '') return null
  const event: unknown = JSON.parse(data)
  if (isRowsBatch(event)) return event
  return isKnown(event) ? answerEventShape.parse(event) : null
}

const known: ReadonlySet<unknown> = new Set(answerEventShape.options.map((option) => option.shape.type.value))

/** A newer server may say more than this client has heard of. */
function isKnown(event: unknown): boolean {
  return typeof event !== 'object' || event === null || !('type' in event) || typeof event.type !== 'string' || known.has(event.type)
}

/** Rows are many: they are looked at on the outside only, cell by cell costs more than reading them. */
function isRowsBatch(event: unknown): event is Extract<AnswerEvent, { type: 'rows-batch' }> {
  return typeof event === 'object' && event !== null && 'type' in event && event.type === 'rows-batch' && 'rows' in event
}
