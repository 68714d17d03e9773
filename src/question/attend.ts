import type { Actor, Awaitable, Question } from '../domain/index.ts'
import type { Delivery, PipelineEvent } from './delivery.ts'

/** The pipeline with its rooms already in hand. `stop`: whoever holds it ends the answer: the surface when its client goes, and those who attend. */
export type Answer = (actor: Actor, question: Question, stop: AbortController, delivery?: Delivery) => AsyncGenerator<PipelineEvent>

/**
 * Whoever has a say in an answer from before its first event to its end: counts it, narrows it, can stop it. What is thrown
 * here is thrown before anything begins. Not a generator around the pipeline: each costs an answer some microseconds.
 */
export type Attend = (actor: Actor, question: Question, stop: AbortController) => Awaitable<Attended>

export interface Attended {
  readonly question: Question
  /** Called once, when the answer has ended or its reader has left; `rows` were handed on. */
  readonly leave: (rows: number) => void
}

export const unattended: Attend = (_actor, question) => ({ question, leave: () => {} })
