import { address, flag, list, oneOf, secret, text, whole } from './setting.ts'

/** How people sign in with an OpenID Connect provider. */
export const oidcSettings = {
  issuer: address('OIDC_ISSUER', {
    defaultValue: null,
    description: 'OpenID Connect provider people sign in with, exactly as it calls itself. Needs PUBLIC_URL and OIDC_CLIENT_ID.',
  }),
  clientId: text<string | null>('OIDC_CLIENT_ID', { defaultValue: null, description: 'What the provider calls this server.' }),
  clientSecret: secret('OIDC_CLIENT_SECRET', 'This server’s secret at the provider; none for a public client.'),
  clientAuth: oneOf('OIDC_CLIENT_AUTH', ['basic', 'post'], {
    defaultValue: 'basic',
    description: 'How that secret is sent: `client_secret_basic` or `client_secret_post`.',
  }),
  scopes: list(
    'OIDC_SCOPES',
    'scopes',
    { defaultValue: ['openid', 'profile', 'email'], description: 'Scopes asked for; `openid` must be among them.' },
    (item) => (/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(item) ? null : 'is no scope'),
  ),
  algorithm: oneOf('OIDC_ALGORITHM', ['rs256', 'ps256', 'es256', 'es384', 'eddsa'], {
    defaultValue: 'rs256',
    description: 'The one algorithm the provider signs with; whatever is signed otherwise is refused.',
  }),
  nameClaim: text('OIDC_NAME_CLAIM', { defaultValue: 'preferred_username', description: 'Claim a new member is named by.' }),
  usesUserinfo: flag('OIDC_USERINFO', {
    defaultValue: false,
    description: 'true: claims are also asked of the provider’s userinfo endpoint, for those that keep groups out of the ID token.',
  }),
  defaultRole: text<string | null>('OIDC_DEFAULT_ROLE', {
    defaultValue: null,
    description: 'Role of those whom no rule of aishell.yaml gives one. Unset: they are not let in.',
  }),
  label: text('OIDC_LABEL', {
    defaultValue: 'single sign-on',
    description: 'What the button on the sign-in page says after “Sign in with”.',
  }),
  clockToleranceS: whole<number>('OIDC_CLOCK_TOLERANCE_S', [0, 300], {
    defaultValue: 10,
    description: 'Seconds by which the provider’s clock may differ from ours.',
  }),
  allowsHttp: flag('OIDC_ALLOW_HTTP', {
    defaultValue: false,
    description: 'Let OIDC_ISSUER be an http:// address on loopback, for trying things out.',
  }),
} as const
