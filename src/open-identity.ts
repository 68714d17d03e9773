import type { Scope, Secret } from './domain/index.ts'
import type { Settings } from './platform/config/index.ts'
import { createIdentity, type Identity, type OidcSettings } from './platform/identity/index.ts'
import type { Observe } from './platform/observe/index.ts'
import type { Store } from './platform/store/index.ts'
import { createPeople, type People, type Tenancy, type Tenants } from './platform/tenancy/index.ts'

interface Rooms {
  readonly settings: Settings
  readonly store: Store
  readonly tenancy: Tenancy
  readonly observe: Observe
  readonly jwtSecret: Secret
  readonly tenants: Tenants
  readonly changed: (scope: Scope) => void
}

const minuteMs = 60_000
/** As JOSE spells them. */
export const joseAlgorithms = { rs256: 'RS256', ps256: 'PS256', es256: 'ES256', es384: 'ES384', eddsa: 'EdDSA' } as const

/** The rooms of people and their credentials, as the settings want them. */
export function openIdentity(rooms: Rooms): { readonly people: People; readonly identity: Identity } {
  const { settings, store, tenancy, observe, jwtSecret } = rooms
  const { isRbacEnabled, jwtKeysFile, sessionHours, sessionIdleMinutes } = settings.access
  const declaredRoles = settings.declaredRoles
  const people = createPeople({ store, declaredRoles })
  const identity = createIdentity({
    store,
    tenancy,
    people,
    observe,
    isRbacEnabled,
    declaredRoles,
    jwtSecret,
    oldJwtSecrets: settings.access.oldJwtSecrets,
    jwtKeysFile,
    issuer: settings.server.publicUrl ?? 'aishell',
    sessions: { maxAgeMs: sessionHours * 60 * minuteMs, idleMs: sessionIdleMinutes * minuteMs },
    oidc: oidcSettings(rooms),
    changed: rooms.changed,
    requireServed: async (scope) => rooms.tenants.admit(scope, {}),
  })
  return { people, identity }
}

function oidcSettings({ settings, tenants }: Rooms): OidcSettings | null {
  const { oidc, server } = settings
  if (oidc.issuer === null || oidc.clientId === null || server.publicUrl === null) return null // settings' rules want all three or none
  return {
    issuer: oidc.issuer,
    clientId: oidc.clientId,
    clientSecret: oidc.clientSecret,
    clientAuth: oidc.clientAuth,
    scopes: oidc.scopes,
    algorithm: joseAlgorithms[oidc.algorithm],
    nameClaim: oidc.nameClaim,
    usesUserinfo: oidc.usesUserinfo,
    label: oidc.label,
    clockToleranceS: oidc.clockToleranceS,
    defaultRole: oidc.defaultRole,
    rules: settings.signInRules,
    tenantNamed: (name) => tenants.signInPlace({ header: name }),
  }
}
