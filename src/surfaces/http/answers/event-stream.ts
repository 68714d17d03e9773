import type { PipelineEvent } from '../../../question/index.ts'
import type { Exchange } from '../exchange.ts'

/** Keeps proxies from closing a silent stream. */
const heartbeatMs = 15_000

/** Server-sent events (WHATWG HTML §9.2), one answer event each, named by its type. Always 200: the outcome is in `answer-end`. */
export async function sendEventStream(exchange: Exchange, questionId: string, events: AsyncGenerator<PipelineEvent>): Promise<void> {
  exchange.begin(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-aishell-question': questionId,
  })
  const heartbeat = setInterval(() => exchange.comment(': still here\n\n'), heartbeatMs)
  try {
    for await (const event of events) {
      await exchange.write(`event: ${event.type}\ndata: ${dataOf(event)}\n\n`)
      if (exchange.isGone) break
    }
  } finally {
    clearInterval(heartbeat)
  }
  exchange.end()
}

function dataOf(event: PipelineEvent): string {
  const isWritten = event.type === 'rows-batch' && event.json !== undefined
  return isWritten ? `{"type":"rows-batch","rows":${event.json}}` : JSON.stringify(event)
}
