import { createHmac, timingSafeEqual } from 'node:crypto'
import { ShellError, type Scope } from '../../domain/index.ts'
import type { Verification } from '../../contract/index.ts'
import type { Signer, Store } from '../../platform/store/index.ts'
import { canonicalJson, type Json } from './canonical-json.ts'
import { ChainWalk } from './chain-walk.ts'
import { emptyHead, type Head } from './link.ts'
import { baseOf, followTombstones, readCheckpoints, readTombstones } from './read-keeping.ts'
import { signedLine } from './signed-statement.ts'
import { readEnd, readPages, type ChainKeys } from './verify-chain.ts'
import { linkDigest } from './verify-trail.ts'

interface Footer {
  readonly [key: string]: Json
  readonly tenantId: string
  readonly exportedAt: string
  readonly links: number
  readonly sequence: number
  readonly head: string
}

/**
 * A line per tombstone, per link and per checkpoint, and a footer that says where the chain ended. Links carry the keyed
 * MAC, which the tenant's key checks, and a digest that anybody can follow from line to line; tombstones, checkpoints
 * and footer are signed, so that the public key is enough to check the whole.
 */
export async function* exportChain(scope: Scope, store: Store, keys: ChainKeys): AsyncGenerator<string> {
  const { head, last, tombstones } = await store.within(scope, async (query) => ({
    ...(await readEnd(query, scope)),
    tombstones: await readTombstones(query, scope),
  }))
  const base = followTombstones(new ChainWalk(scope.tenantId, keys.auditKey), keys.signer, tombstones, scope)
  for (const one of tombstones) yield signedLine('tombstone', one)
  const { sequence, mac } = head ?? emptyHead
  let { digest } = base
  let [links, through] = [0, base.sequence]
  for await (const page of readPages(scope, store, last)) {
    const end = page.at(-1)?.sequence ?? last
    const checkpoints = new Map((await readCheckpoints(store, scope, through, end)).map((one) => [one.sequence, one]))
    for (const link of page) {
      links++
      digest = linkDigest(digest, link.body)
      yield `{"body":${link.body},"mac":"${link.mac.toString('hex')}","digest":"${digest}"}`
      const checkpoint = checkpoints.get(link.sequence)
      if (checkpoint !== undefined) yield signedLine('checkpoint', checkpoint)
    }
    through = end
  }
  yield footerLine(
    { tenantId: scope.tenantId, exportedAt: new Date().toISOString(), links, sequence, head: mac.toString('hex'), digest },
    keys,
  )
}

function footerLine(footer: Footer, { auditKey, signer }: { readonly auditKey: Uint8Array; readonly signer: Signer }): string {
  const text = canonicalJson({ ...footer, keyId: signer.keyId })
  const signature = Buffer.from(signer.sign(text)).toString('hex')
  return `{"footer":${text},"mac":"${footerMac(auditKey, text).toString('hex')}","signature":"${signature}"}`
}

function footerMac(auditKey: Uint8Array, footer: string): Buffer {
  return createHmac('sha256', auditKey).update('export\n').update(footer, 'utf8').digest()
}

interface LinkLine {
  readonly body: { readonly sequence?: unknown; readonly tenantId?: unknown }
  readonly mac: string
}
interface SignedLine {
  readonly tombstone?: { readonly tenantId: string; readonly through: number; readonly mac: string; readonly digest: string }
  readonly checkpoint?: { readonly tenantId: string; readonly sequence: number; readonly mac: string; readonly digest: string }
  readonly signature: string
}
interface FooterLine {
  readonly footer: Footer
  readonly mac: string
}
type ExportLine = LinkLine | SignedLine | FooterLine

/**
 * Checks an export's MACs with the tenant's key: no store, no network. `mustHold` are heads noted down before; an export
 * that lies behind one of them, or beside it, was made from a chain that was set back or rewritten. With a public key
 * instead, see `verifyTrail`.
 */
export async function verifyExport(
  lines: Iterable<string> | AsyncIterable<string>,
  auditKey: Uint8Array,
  mustHold: readonly Head[] = [],
): Promise<Verification> {
  let walk: ChainWalk | null = null
  let footer: Footer | null = null
  let count = 0
  let links = 0
  for await (const text of lines) {
    if (text.trim() === '') continue
    const line = readLine(text, ++count)
    if (footer !== null) throw notAnExport(count, 'stands after the footer')
    walk ??= new ChainWalk(tenantOf(line), auditKey, mustHold)
    if ('footer' in line) footer = checkFooter(line.footer, hex(line.mac), auditKey, walk, links)
    else if ('body' in line) {
      links++
      walk.step({ sequence: Number(line.body.sequence), body: canonicalJson(line.body as Json), mac: hex(line.mac) })
    } else if (line.tombstone !== undefined) walk.moveTo(baseOf(line.tombstone))
    else if (line.checkpoint !== undefined) walk.expect(line.checkpoint)
  }
  walk ??= new ChainWalk('', auditKey, mustHold)
  if (footer === null) walk.find(null, 'record.export-cut', 'The export has no footer: its end is missing.')
  return walk.finish(footer === null ? walk.head : { sequence: footer.sequence, mac: hex(footer.head) })
}

function checkFooter(footer: Footer, mac: Buffer, auditKey: Uint8Array, walk: ChainWalk, links: number): Footer {
  const expected = footerMac(auditKey, canonicalJson(footer))
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected))
    walk.find(null, 'record.footer-changed', 'The export’s footer is not what was written, or the key is another tenant’s.')
  if (footer.links !== links) walk.find(null, 'record.export-cut', `The footer counts ${footer.links} links, the export has ${links}.`)
  return footer
}

function tenantOf(line: ExportLine): string {
  const found = 'body' in line ? line.body : 'footer' in line ? line.footer : (line.tombstone ?? line.checkpoint)
  return typeof found?.tenantId === 'string' ? found.tenantId : ''
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex')
}

function readLine(text: string, number: number): ExportLine {
  let line: { readonly [field: string]: unknown } | null
  try {
    line = JSON.parse(text) as typeof line // checked below
  } catch (cause) {
    throw notAnExport(number, 'is not JSON', cause)
  }
  const kinds = ['body', 'footer', 'tombstone', 'checkpoint'].filter((kind) => isObject(line?.[kind]))
  const isSealed = kinds.every((kind) => typeof line?.[kind === 'body' || kind === 'footer' ? 'mac' : 'signature'] === 'string')
  if (kinds.length !== 1 || !isSealed) throw notAnExport(number, 'is no link and no footer')
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
