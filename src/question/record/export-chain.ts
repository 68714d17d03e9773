import { createHmac, timingSafeEqual } from 'node:crypto'
import { ShellError, type Scope } from '../../domain/index.ts'
import type { Verification } from '../../contract/index.ts'
import type { Store } from '../../platform/store/index.ts'
import { canonicalJson, type Json } from './canonical-json.ts'
import { ChainWalk } from './chain-walk.ts'
import { emptyHead, type Head } from './link.ts'
import { readEnd, readPages } from './verify-chain.ts'

interface Footer {
  readonly [key: string]: Json
  readonly tenantId: string
  readonly exportedAt: string
  readonly links: number
  readonly sequence: number
  readonly head: string
}

/** One line per link, `{"body":…,"mac":"hex"}`, and a last one, `{"footer":…,"mac":"hex"}`, that says where the chain ended. */
export async function* exportChain(scope: Scope, store: Store, auditKey: Uint8Array): AsyncGenerator<string> {
  const { head, last } = await store.within(scope, (query) => readEnd(query, scope))
  const { sequence, mac } = head ?? emptyHead
  let links = 0
  for await (const page of readPages(scope, store, last)) {
    for (const link of page) {
      links++
      yield `{"body":${link.body},"mac":"${link.mac.toString('hex')}"}`
    }
  }
  const footer = { tenantId: scope.tenantId, exportedAt: new Date().toISOString(), links, sequence, head: mac.toString('hex') }
  yield `{"footer":${canonicalJson(footer)},"mac":"${footerMac(auditKey, footer).toString('hex')}"}`
}

function footerMac(auditKey: Uint8Array, footer: Footer): Buffer {
  return createHmac('sha256', auditKey).update('export\n').update(canonicalJson(footer), 'utf8').digest()
}

interface LinkLine {
  readonly body: { readonly sequence?: unknown; readonly tenantId?: unknown }
  readonly mac: string
}
interface FooterLine {
  readonly footer: Footer
  readonly mac: string
}
type ExportLine = LinkLine | FooterLine

/**
 * Checks an export with nothing but the key: no store, no network. `mustHold` are heads noted down before; an export
 * that lies behind one of them, or beside it, was made from a chain that was set back or rewritten.
 */
export async function verifyExport(
  lines: Iterable<string> | AsyncIterable<string>,
  auditKey: Uint8Array,
  mustHold: readonly Head[] = [],
): Promise<Verification> {
  let walk: ChainWalk | null = null
  let footer: Footer | null = null
  let count = 0
  for await (const text of lines) {
    if (text.trim() === '') continue
    const line = readLine(text, ++count)
    if (footer !== null) throw notAnExport(count, 'stands after the footer')
    walk ??= new ChainWalk(tenantOf(line), auditKey, mustHold)
    if ('body' in line) walk.step({ sequence: Number(line.body.sequence), body: canonicalJson(line.body as Json), mac: hex(line.mac) })
    else footer = checkFooter(line.footer, hex(line.mac), auditKey, walk, count - 1)
  }
  walk ??= new ChainWalk('', auditKey, mustHold)
  if (footer === null) walk.find(null, 'record.export-cut', 'The export has no footer: its end is missing.')
  return walk.finish(footer === null ? walk.head : { sequence: footer.sequence, mac: hex(footer.head) })
}

function checkFooter(footer: Footer, mac: Buffer, auditKey: Uint8Array, walk: ChainWalk, links: number): Footer {
  const expected = footerMac(auditKey, footer)
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected))
    walk.find(null, 'record.footer-changed', 'The export’s footer is not what was written, or the key is another tenant’s.')
  if (footer.links !== links) walk.find(null, 'record.export-cut', `The footer counts ${footer.links} links, the export has ${links}.`)
  return footer
}

function tenantOf(line: ExportLine): string {
  const { tenantId } = 'body' in line ? line.body : line.footer
  return typeof tenantId === 'string' ? tenantId : ''
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex')
}

function readLine(text: string, number: number): ExportLine {
  let line: { readonly mac?: unknown; readonly body?: unknown; readonly footer?: unknown } | null
  try {
    line = JSON.parse(text) as typeof line // checked below
  } catch (cause) {
    throw notAnExport(number, 'is not JSON', cause)
  }
  const isLine = typeof line?.mac === 'string' && isObject(line.body) !== isObject(line.footer)
  if (!isLine) throw notAnExport(number, 'is no link and no footer')
  return line as unknown as ExportLine // its mac decides about the rest
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function notAnExport(line: number, what: string, cause?: unknown): ShellError {
  return new ShellError({
    code: 'record.not-an-export',
    kind: 'invalid',
    message: `This is not an export of the record: line ${line} ${what}.`,
    hint: 'Give the file that `aishell audit export` wrote, unchanged.',
    cause,
  })
}
