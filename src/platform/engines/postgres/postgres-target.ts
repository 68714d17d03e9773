import type { EngineTarget } from '../engine.ts'

export type PostgresTarget = Extract<EngineTarget, { engine: 'postgres' }>
