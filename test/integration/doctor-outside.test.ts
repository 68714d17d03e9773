import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Check } from '../../src/contract/index.ts'
import { examine } from '../../src/doctor.ts'
import { json, listen, naming } from '../support/doctor-findings.ts'
import { redisMissing, startRedis } from '../support/redis-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'aishell-doctor-'))

/** With an embedded store, which is not looked at before it starts. */
async function troubles(env: Record<string, string>): Promise<readonly Check[]> {
  const checks = await examine({ version: 'test', env: { DATA_DIR: folder, CONFIG_DIR: folder, PORT: '0', ...env } })
  return checks.filter((check) => check.state !== 'ok')
}

describe('of what lies around, doctor names', () => {
  const model = (base: string, more: Record<string, string> = {}): Record<string, string> => ({
    LLM_PROVIDER: 'openai-compatible',
    LLM_MODEL: 'drafter',
    LLM_BASE_URL: base,
    ...more,
  })
  const label = 'model openai-compatible:drafter'

  test('a model that cannot be reached', async () => {
    expect(await troubles(model('http://127.0.0.1:1'))).toEqual(naming(label, /does not answer/, /LLM_BASE_URL/))
  })

  test('a model’s key that is refused', async () => {
    expect(await troubles(model(await listen(json({}, 401)), { LLM_API_KEY: 'sk-wrong' }))).toEqual(
      naming(label, /its key is refused/, /LLM_API_KEY/),
    )
  })

  test('a model that its provider does not have', async () => {
    expect(await troubles(model(await listen(json({ data: [{ id: 'another' }] }))))).toEqual(
      naming(label, /there is no model drafter/, /LLM_MODEL/),
    )
    expect(await troubles(model(await listen(json({ data: [{ id: 'drafter' }] }))))).toEqual([])
  })

  const oidc = (issuer: string): Record<string, string> => ({
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: 'aishell',
    OIDC_ALLOW_HTTP: 'true',
    PUBLIC_URL: 'http://127.0.0.1:1',
  })
  const provider = async (said: (issuer: string) => object, keys: object): Promise<string> => {
    let issuer = ''
    issuer = await listen((request, response) =>
      json(request.url === '/keys' ? keys : { jwks_uri: `${issuer}/keys`, ...said(issuer) })(request, response),
    )
    return issuer
  }

  test('an identity provider that cannot be reached', async () => {
    expect(await troubles(oidc('http://127.0.0.1:1'))).toEqual(naming('identity provider', /no OpenID discovery/, /OIDC_ISSUER/))
  })

  test('an identity provider that calls itself otherwise', async () => {
    const issuer = await provider(() => ({ issuer: 'https://elsewhere.example' }), { keys: [{ kty: 'RSA' }] })
    expect(await troubles(oidc(issuer))).toEqual(naming('identity provider', /calls itself https:\/\/elsewhere\.example/, /exactly/))
  })

  test.each<readonly [string, object, RegExp, RegExp]>([
    ['without keys', { keys: [] }, /publishes no keys/, /jwks_uri/],
    ['with keys for another algorithm', { keys: [{ kty: 'EC' }] }, /none of its keys is for RS256/, /OIDC_ALGORITHM/],
  ])('an identity provider %s', async (_what, keys, detail, hint) => {
    const issuer = await provider((self) => ({ issuer: self }), keys)
    expect(await troubles(oidc(issuer))).toEqual(naming('identity provider', detail, hint))
  })

  test('a Redis that does not answer', async () => {
    expect(await troubles({ REDIS_HOST: '127.0.0.1', REDIS_PORT: '1' })).toEqual(
      naming('redis', /127\.0\.0\.1:1 does not answer/, /REDIS_HOST/),
    )
  })

  test('a Redis that refuses the password', async (context) => {
    if (redisMissing !== null) return context.skip(redisMissing)
    const redis = await startRedis()
    const env = { REDIS_HOST: redis.host, REDIS_PORT: String(redis.port), REDIS_PASSWORD: 'wrong' }
    const seen = await troubles(env)
    await redis.stop()
    expect(seen).toEqual(naming('redis', /refuses REDIS_PASSWORD/, /REDIS_PASSWORD/))
  })
})
