import { createHash } from 'node:crypto'
import { mayDo, ShellError, type Actor } from './domain/index.ts'
import { personErasureShape, type MemberBody, type PersonErasureBody, type PersonErasureProofBody } from './contract/index.ts'
import type { Keyring } from './platform/store/index.ts'
import type { ErasureProof, People, PersonErasure } from './platform/tenancy/index.ts'
import type { Approvals } from './question/approve/index.ts'
import type { Record } from './question/record/index.ts'
import type { PersonOffice } from './surfaces/http/index.ts'

interface Rooms {
  readonly keyring: Keyring
  readonly people: People
  readonly approvals: Pick<Approvals, 'forgetMember' | 'ofMember'>
  readonly record: Record
  /** null: the record is kept for ever. */
  readonly retentionDays: number | null
}

/** What rooms hold about one person, gathered and erased. Both are noted first: what cannot be recorded does not happen. */
export function createPersonOffice(rooms: Rooms): PersonOffice {
  return {
    export: async (actor, idOrName) => {
      const member = await rooms.people.member(actor, idOrName)
      await rooms.people.requireAbove(actor, member.id)
      if (!mayDo(actor, 'read-audit')) throw notForReading() // what somebody asked is in it
      await rooms.record.note(actor, 'person-export', member.id)
      return gathered(rooms, actor, member)
    },
    erase: (actor, idOrName, confirm) => erase(rooms, actor, idOrName, confirm),
    proof: async (actor, memberId) => proofBody(await rooms.people.erasureProof(actor, memberId)),
  }
}

function notForReading(): ShellError {
  return new ShellError({
    code: 'tenancy.denied',
    kind: 'denied',
    message: 'What is held about a person holds what they asked, and your role or token does not let you read the record.',
    hint: 'Ask an admin of your tenant.',
  })
}

async function* gathered({ people, approvals, record }: Rooms, actor: Actor, member: MemberBody): AsyncGenerator<string> {
  const { id: memberId, name } = member
  yield JSON.stringify({ kind: 'person-export', tenantId: actor.tenantId, memberId, name, exportedAt: new Date().toISOString() })
  const count = { rows: 0, links: 0 }
  for (const rows of [people.exportPerson(actor, memberId), approvals.ofMember(actor, memberId)])
    for await (const line of rows) {
      count.rows++
      yield JSON.stringify(line)
    }
  for await (const link of record.ofMember(actor, member)) {
    count.links++
    yield JSON.stringify({ link })
  }
  yield JSON.stringify({ kind: 'end', ...count })
}

async function erase(rooms: Rooms, actor: Actor, idOrName: string, confirm: string): Promise<PersonErasureProofBody> {
  const { keyring, people, approvals, record } = rooms
  const { id: memberId } = await people.member(actor, idOrName)
  await record.note(actor, 'person-erase', memberId)
  const [signer, entries, head] = await Promise.all([
    keyring.signer(actor),
    record.entriesOf(actor, memberId),
    record.checkpoint(actor).catch(() => null), // a chain that does not verify keeps nobody's data; the proof then has no head
  ])
  const chain = head === null ? null : { sequence: head.sequence, mac: head.mac, digest: head.digest }
  const bodyOf = (erasure: PersonErasure): PersonErasureBody =>
    personErasureShape.parse({
      kind: 'person-erasure',
      tenantId: actor.tenantId,
      ...erasure,
      erasedAt: new Date().toISOString(),
      by: actor.memberId,
      kept: keptOf(rooms, erasure, entries),
      chain,
      keyId: signer.keyId,
    })
  const { proof, signature } = await people.erasePerson(actor, memberId, {
    confirm,
    forget: (query) => approvals.forgetMember(query, memberId),
    prove: (erasure) => {
      const text = JSON.stringify(bodyOf(erasure))
      return { proof: text, signature: signer.sign(text) }
    },
  })
  await record.note(actor, 'person-erased', `${memberId} sha256:${createHash('sha256').update(proof).digest('hex')}`)
  return proofBody({ proof, signature })
}

function proofBody({ proof, signature }: ErasureProof): PersonErasureProofBody {
  return { erasure: personErasureShape.parse(JSON.parse(proof)), proof, signature: Buffer.from(signature).toString('hex') }
}

function keptOf({ retentionDays }: Rooms, { pseudonymized }: PersonErasure, entries: number): PersonErasureBody['kept'] {
  const { approval: decisions = 0 } = pseudonymized
  return [
    {
      what: 'entries of the record that name who asked, and notes by or about them',
      entries,
      why: 'They establish who reached which data, in a chain that no change would leave whole.',
      until:
        retentionDays === null ? 'AUDIT_RETENTION_DAYS is set, or the tenant is erased' : `${retentionDays} days after each was written`,
    },
    ...(decisions === 0
      ? []
      : [
          {
            what: 'decisions about what others asked for, under the id alone',
            entries: decisions,
            why: 'They belong to those who asked.',
            until: 'those who asked are erased, or the tenant',
          },
        ]),
    {
      what: 'digests of failed sign-ins',
      entries: null,
      why: 'They are of a name and a network together and cannot be found by either.',
      until: '24 hours after the last failure',
    },
    {
      what: 'backups, logs, exports and checkpoints outside the store',
      entries: null,
      why: 'They cannot be reached from here.',
      until: 'as the operator keeps them',
    },
  ]
}
