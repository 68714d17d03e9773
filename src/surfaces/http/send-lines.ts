import type { Exchange } from './exchange.ts'

/** The head waits for the first line: a store that cannot be read is then still a problem document. */
export async function sendLines(exchange: Exchange, type: string, lines: AsyncIterable<string>): Promise<void> {
  const headers = { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' }
  let isOpen = false
  for await (const line of lines) {
    if (!isOpen) exchange.begin(200, headers)
    isOpen = true
    await exchange.write(line.endsWith('\n') ? line : `${line}\n`)
    if (exchange.isGone) return
  }
  if (!isOpen) exchange.begin(200, headers)
  exchange.end()
}
