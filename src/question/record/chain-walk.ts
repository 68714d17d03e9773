import { timingSafeEqual } from 'node:crypto'
import type { Verification } from '../../contract/index.ts'
import { emptyHead, linkKinds, linkMac, type Head, type LinkBody } from './link.ts'
import { emptyDigest, linkDigest } from './verify-trail.ts'

export type Finding = Verification['findings'][number]

/** Where a walk begins: after nothing, after a checkpoint, or after what a tombstone says was removed. */
export interface Base extends Head {
  readonly digest: string
}

export const chainStart: Base = { ...emptyHead, digest: emptyDigest }

/** A link as it was found; its body has not been believed yet. */
export interface FoundLink {
  readonly sequence: number
  readonly body: string
  readonly mac: Uint8Array
}

/**
 * Walks a chain from its first link and collects what does not fit. After a broken link it goes on from the mac that
 * is there, so one change is one finding and not all that follow.
 */
export class ChainWalk {
  readonly findings: Finding[] = []
  readonly #tenantId: string
  readonly #auditKey: Uint8Array
  readonly #mustHold: readonly Head[]
  readonly #open = new Set<string>()
  #base: Base
  #head: Head
  #digest: string
  #checked = 0
  #lost = 0
  #mustReach = 0

  /** `mustHold`: heads seen at another time or place; each must still lie on this chain. */
  constructor(tenantId: string, auditKey: Uint8Array, mustHold: readonly Head[] = [], base: Base = chainStart) {
    this.#tenantId = tenantId
    this.#auditKey = auditKey
    this.#mustHold = mustHold
    this.#base = base
    this.#head = base
    this.#digest = base.digest
  }

  get head(): Head {
    return this.#head
  }

  /** Over all bodies up to the head, see `linkDigest`. */
  get digest(): string {
    return this.#digest
  }

  /** A tombstone, before the first link: the walk goes on behind it. */
  moveTo(base: Base): void {
    this.#base = base
    this.#head = base
    this.#digest = base.digest
  }

  /** The chain was once signed up to here. */
  mustReach(sequence: number): void {
    this.#mustReach = sequence
  }

  /** A signed head that must lie on this chain, told when the walk has come there. */
  expect(checkpoint: { readonly sequence: number; readonly mac: string; readonly digest: string }): void {
    const isHere = checkpoint.sequence === this.#head.sequence
    const isSameChain = checkpoint.digest === this.#digest && checkpoint.mac === Buffer.from(this.#head.mac).toString('hex')
    if (!isHere) this.find(checkpoint.sequence, 'record.link-missing', `Link ${checkpoint.sequence} was signed and is missing.`)
    else if (!isSameChain) this.#reportRewritten(checkpoint.sequence)
  }

  find(sequence: number | null, code: string, message: string): void {
    this.findings.push({ sequence, code, message })
  }

  /** Checks the next link; gives its body when it is to be believed. */
  step(link: FoundLink): LinkBody | null {
    const { sequence } = link
    this.#checked++
    if (!Number.isSafeInteger(sequence)) {
      this.find(null, 'record.link-changed', `The link after ${this.#head.sequence} has no number.`)
      return null
    }
    if (sequence > this.#head.sequence + 1) this.#reportGap(sequence)
    const isGenuine = isSame(linkMac(this.#auditKey, this.#head.mac, link.body), link.mac)
    this.#head = { sequence, mac: Buffer.from(link.mac) }
    this.#digest = linkDigest(this.#digest, link.body)
    for (const held of this.#mustHold) if (held.sequence === sequence && !isSame(held.mac, link.mac)) this.#reportRewritten(sequence)
    const body = readBody(link.body)
    if (body !== null && (body.sequence !== sequence || body.tenantId !== this.#tenantId)) {
      this.find(
        sequence,
        'record.link-misplaced',
        `Link ${sequence} was written for another place: ${body.sequence} of tenant ${body.tenantId}.`,
      )
      return null
    }
    if (body === null || !isGenuine) {
      this.find(sequence, 'record.link-changed', `Link ${sequence} or the one before it is not what was written.`)
      return null
    }
    this.#count(body)
    return body
  }

  /** What was found, once the links are through; `head` is what the chain itself says its last link is. */
  finish(head: Head | null): Verification {
    if (head === null && (this.#checked > 0 || this.#base.sequence > 0))
      this.find(null, 'record.head-missing', 'The chain has links and no head.')
    if (head !== null) this.#compareHead(head)
    for (const held of this.#mustHold) this.#hold(held)
    if (this.#mustReach > this.#head.sequence) this.#reportTruncated(this.#mustReach)
    return {
      isIntact: this.findings.length === 0,
      checked: this.#checked,
      openIntents: this.#open.size,
      lostIntents: this.#lost,
      head: head === null || head.sequence === 0 ? null : { sequence: head.sequence, mac: Buffer.from(head.mac).toString('hex') },
      findings: this.findings,
    }
  }

  /** What lies before the base is gone with its tombstone's blessing; the base itself can still be compared. */
  #hold(held: Head): void {
    if (held.sequence > this.#head.sequence) this.#reportTruncated(held.sequence)
    else if (held.sequence === this.#base.sequence && held.sequence > 0 && !isSame(held.mac, this.#base.mac))
      this.#reportRewritten(held.sequence)
  }

  #compareHead(head: Head): void {
    if (head.sequence > this.#head.sequence) this.#reportTruncated(head.sequence)
    else if (head.sequence < this.#head.sequence)
      this.find(head.sequence, 'record.beyond-head', `The head says ${head.sequence}, the chain goes on to ${this.#head.sequence}.`)
    else if (!isSame(head.mac, this.#head.mac)) this.find(head.sequence, 'record.head-changed', 'The head is not the last link’s.')
  }

  #reportGap(sequence: number): void {
    const from = this.#head.sequence + 1
    this.find(
      from,
      'record.link-missing',
      from === sequence - 1 ? `Link ${from} is missing.` : `Links ${from} to ${sequence - 1} are missing.`,
    )
  }

  #reportTruncated(sequence: number): void {
    const last = this.#head.sequence
    if (this.findings.some((finding) => finding.code === 'record.truncated')) return
    this.find(last + 1, 'record.truncated', `The chain ends at ${last}; it once went to ${sequence}.`)
  }

  #reportRewritten(sequence: number): void {
    this.find(sequence, 'record.rewritten', `Link ${sequence} is genuine in itself and another one than was seen before: the chain forked.`)
  }

  #count(body: LinkBody): void {
    if (body.kind === 'intent') this.#open.add(body.entryId)
    if (body.kind !== 'outcome') return
    this.#open.delete(body.entryId)
    if (body.state === 'lost') this.#lost++
  }
}

/** In a time that does not tell where they differ. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/** null: not the JSON of a link. Enough is checked that nothing later reads a field that is not there. */
function readBody(text: string): LinkBody | null {
  try {
    const body = JSON.parse(text) as Partial<LinkBody> | null // checked on the next line, and by the mac before it counts
    return body !== null && linkKinds.some((kind) => kind === body.kind) ? (body as LinkBody) : null
  } catch {
    return null
  }
}
