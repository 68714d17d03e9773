// Checks an export of the record with nothing but the public key. This file imports only Node's own modules: from it
// `npm run generate` makes bin/verify-trail.mjs, which auditors run without AI-Shell.
import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto'

export interface TrailFinding {
  readonly sequence: number | null
  readonly code: string
  readonly message: string
}

export interface TrailVerdict {
  readonly isIntact: boolean
  readonly tenantId: string | null
  /** Links that are in the export. */
  readonly checked: number
  /** Links that retention removed, by signed tombstones. */
  readonly removed: number
  readonly openIntents: number
  readonly lostIntents: number
  readonly head: { readonly sequence: number; readonly mac: string } | null
  readonly findings: readonly TrailFinding[]
}

/** Before the first link. */
export const emptyDigest = '0'.repeat(64)

/** What a link's digest is made of: the digest before it and the body's exact text. */
export function linkText(previous: string, body: string): string {
  return `aishell link\n${previous}\n${body}`
}

/** SHA-256, hex: anybody can follow it, nobody can go back. */
export function linkDigest(previous: string, body: string): string {
  return createHash('sha256').update(linkText(previous, body)).digest('hex')
}

/** Ed25519 over the text's UTF-8. */
export function isSigned(key: KeyObject, text: string, signature: Uint8Array): boolean {
  return signature.length === 64 && verify(null, Buffer.from(text, 'utf8'), key, signature)
}

/** The fields that the signed lines of an export have, as far as they are there. */
interface SignedFields {
  readonly tenantId?: unknown
  readonly sequence?: unknown
  readonly from?: unknown
  readonly through?: unknown
  readonly mac?: unknown
  readonly digest?: unknown
  readonly links?: unknown
  readonly head?: unknown
}

interface TrailLine {
  readonly kind: 'body' | 'tombstone' | 'checkpoint' | 'footer'
  readonly text: string
  readonly fields: SignedFields
  readonly seals: { readonly mac: string; readonly digest: string; readonly signature: string }
}

interface HeldCheckpoint {
  readonly sequence: number
  readonly digest: string
}

/**
 * `lines`: what `aishell audit export` wrote. `publicKey`: PEM. `outside`: lines of a checkpoint sink; each must lie on
 * this chain, else the export was made from a chain that was cut, set back or rewritten.
 * Throws a plain Error when the file is no export at all.
 */
export async function verifyTrail(
  lines: Iterable<string> | AsyncIterable<string>,
  publicKey: string,
  outside: Iterable<string> | AsyncIterable<string> = [],
): Promise<TrailVerdict> {
  const walk = new TrailWalk(createPublicKey(publicKey))
  let number = 0
  for await (const text of lines) if (text.trim() !== '') walk.take(readLine(text, ++number), number)
  const held: TrailLine[] = []
  let place = 0
  for await (const text of outside) if (text.trim() !== '') held.push(readLine(text, ++place))
  return walk.finish(held)
}

class TrailWalk {
  readonly #key: KeyObject
  readonly #findings: TrailFinding[] = []
  readonly #open = new Set<string>()
  readonly #digestAt = new Map<number, string>()
  #tenantId: string | null = null
  #sequence = 0
  #digest = emptyDigest
  #mac = ''
  #base = 0
  #checked = 0
  #lost = 0
  #hasFooter = false
  #lastGood: number | null = null

  constructor(key: KeyObject) {
    this.#key = key
  }

  take(line: TrailLine, number: number): void {
    if (this.#hasFooter) throw notATrail(number, 'stands after the footer')
    const { tenantId } = line.fields
    if (typeof tenantId !== 'string') throw notATrail(number, 'names no tenant')
    this.#tenantId ??= tenantId
    if (tenantId !== this.#tenantId) this.#find(this.#sequence + 1, 'record.link-misplaced', `Line ${number} is another tenant's.`)
    if (line.kind === 'body') this.#link(line)
    else if (!this.#isSigned(line)) this.#unsigned(line)
    else if (line.kind === 'tombstone') this.#tombstone(line)
    else if (line.kind === 'checkpoint') this.#checkpoint(line)
    if (line.kind === 'footer') this.#footer(line)
  }

  finish(outside: readonly TrailLine[]): TrailVerdict {
    if (!this.#hasFooter) this.#find(null, 'record.export-cut', 'The export has no footer: its end is missing.')
    const seen = new Map<number, string>()
    for (const line of outside) this.#outside(line, seen)
    const head = this.#sequence === 0 ? null : { sequence: this.#sequence, mac: this.#mac }
    return {
      isIntact: this.#findings.length === 0,
      tenantId: this.#tenantId,
      checked: this.#checked,
      removed: this.#base,
      openIntents: this.#open.size,
      lostIntents: this.#lost,
      head,
      findings: this.#findings,
    }
  }

  #link(line: TrailLine): void {
    const sequence = Number(line.fields.sequence)
    this.#checked++
    if (sequence > this.#sequence + 1) this.#gap(sequence)
    else if (sequence <= this.#sequence)
      this.#find(sequence, 'record.link-misplaced', `Link ${sequence} stands behind link ${this.#sequence}.`)
    if (linkDigest(this.#digest, line.text) !== line.seals.digest)
      this.#find(sequence, 'record.link-changed', `Link ${sequence} or the one before it is not what was written.`)
    this.#sequence = sequence
    this.#digest = line.seals.digest
    this.#mac = line.seals.mac
    this.#digestAt.set(sequence, this.#digest)
    this.#count(line)
  }

  #count(line: TrailLine): void {
    const body = line.fields as { readonly kind?: unknown; readonly entryId?: unknown; readonly state?: unknown }
    if (body.kind === 'intent') this.#open.add(String(body.entryId))
    if (body.kind !== 'outcome') return
    this.#open.delete(String(body.entryId))
    if (body.state === 'lost') this.#lost++
  }

  #tombstone({ fields }: TrailLine): void {
    if (this.#checked > 0 || Number(fields.from) !== this.#base + 1 || Number(fields.through) < Number(fields.from))
      return this.#find(Number(fields.from), 'record.tombstone-changed', 'A tombstone does not follow the one before it.')
    this.#base = Number(fields.through)
    this.#sequence = this.#base
    this.#digest = String(fields.digest)
    this.#mac = String(fields.mac)
    this.#digestAt.set(this.#base, this.#digest)
  }

  #checkpoint({ fields }: TrailLine): void {
    this.#compare({ sequence: Number(fields.sequence), digest: String(fields.digest) })
  }

  #compare({ sequence, digest }: HeldCheckpoint): void {
    const here = this.#digestAt.get(sequence)
    if (here === digest) {
      this.#lastGood = sequence
      return
    }
    if (here !== undefined) {
      const since = this.#lastGood === null ? '' : ` and after ${this.#lastGood}`
      this.#find(
        sequence,
        'record.rewritten',
        `Up to link ${sequence}${since} the chain is not the one that was signed: it was rewritten, or forked.`,
      )
    } else if (sequence > this.#sequence) this.#truncated(sequence)
    else if (sequence > this.#base) this.#find(sequence, 'record.link-missing', `Link ${sequence} was signed and is missing.`)
  }

  #footer({ fields }: TrailLine): void {
    this.#hasFooter = true
    const sequence = Number(fields.sequence)
    if (Number(fields.links) !== this.#checked)
      this.#find(null, 'record.export-cut', `The footer counts ${Number(fields.links)} links, the export has ${this.#checked}.`)
    if (sequence > this.#sequence) this.#truncated(sequence)
    else if (sequence < this.#sequence)
      this.#find(sequence, 'record.beyond-head', `The head says ${sequence}, the chain goes on to ${this.#sequence}.`)
    else if (fields.digest !== this.#digest || (sequence > 0 && fields.head !== this.#mac))
      this.#find(sequence, 'record.head-changed', 'The head that was signed is not the last link’s.')
  }

  #outside(line: TrailLine, seen: Map<number, string>): void {
    if (line.kind !== 'checkpoint' || line.fields.tenantId !== this.#tenantId) return
    const held = { sequence: Number(line.fields.sequence), digest: String(line.fields.digest) }
    if (!this.#isSigned(line)) return this.#unsigned(line)
    const before = seen.get(held.sequence)
    seen.set(held.sequence, held.digest)
    if (before !== undefined && before !== held.digest)
      this.#find(held.sequence, 'record.rewritten', `Two different chains were signed at link ${held.sequence}: it forked.`)
    this.#compare(held)
  }

  #isSigned(line: TrailLine): boolean {
    return isSigned(this.#key, line.text, Buffer.from(line.seals.signature, 'hex'))
  }

  #unsigned(line: TrailLine): void {
    const code = line.kind === 'footer' ? 'record.footer-changed' : `record.${line.kind}-changed`
    this.#find(null, code, `A ${line.kind} is not what was signed, or the public key is another tenant's.`)
  }

  #gap(sequence: number): void {
    const from = this.#sequence + 1
    const which = from === sequence - 1 ? `Link ${from} is missing.` : `Links ${from} to ${sequence - 1} are missing.`
    this.#find(from, 'record.link-missing', which)
  }

  #truncated(sequence: number): void {
    if (this.#findings.some((finding) => finding.code === 'record.truncated')) return
    this.#find(this.#sequence + 1, 'record.truncated', `The chain ends at ${this.#sequence}; it once went to ${sequence}.`)
  }

  #find(sequence: number | null, code: string, message: string): void {
    this.#findings.push({ sequence, code, message })
  }
}

/** What is signed is the text as it stands, so it is cut out and not spelled anew. */
const lineShape = /^\{"(body|tombstone|checkpoint|footer)":(\{.*\})((?:,"(?:mac|digest|signature)":"[0-9a-f]*")+)\}$/s

function readLine(line: string, number: number): TrailLine {
  const match = lineShape.exec(line.replace(/\r?\n$/, ''))
  if (match === null) throw notATrail(number, 'is no link, tombstone, checkpoint or footer')
  const [, kind, text = '', seals = ''] = match
  const seal = (name: string): string => new RegExp(`,"${name}":"([0-9a-f]*)"`).exec(seals)?.[1] ?? ''
  try {
    const fields = JSON.parse(text) as SignedFields // each is looked at before it is believed
    return {
      kind: kind as TrailLine['kind'],
      text,
      fields,
      seals: { mac: seal('mac'), digest: seal('digest'), signature: seal('signature') },
    } // the pattern's own words
  } catch {
    throw notATrail(number, 'is not JSON')
  }
}

function notATrail(line: number, what: string): Error {
  return new Error(`This is not an export of the record: line ${line} ${what}.`)
}
