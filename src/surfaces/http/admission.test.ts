import { describe, expect, test } from 'vitest'
import { Admission } from './admission.ts'

/** How many of so many get in. */
const enter = (admission: Admission, tenant: string, asked: number): number =>
  Array.from({ length: asked }, () => admission.enter(tenant)).filter((isIn) => isIn).length

describe('places for questions', () => {
  test('are all one tenant’s while nobody else asks', () => {
    const admission = new Admission({ most: 10 })
    expect(enter(admission, 'a', 20)).toBe(10)
    admission.leave('a')
    expect(enter(admission, 'a', 2)).toBe(1)
  })

  test('go to whoever has less than their share, as soon as one comes free', () => {
    const admission = new Admission({ most: 10 })
    enter(admission, 'a', 10)
    expect(enter(admission, 'b', 3)).toBe(0)
    for (let time = 0; time < 5; time++) {
      admission.leave('a')
      expect(enter(admission, 'a', 1)).toBe(0) // it is kept for b
      expect(enter(admission, 'b', 1)).toBe(1)
    }
    admission.leave('a')
    expect(enter(admission, 'b', 1)).toBe(0) // b has its half, and a may have its own
    expect(enter(admission, 'a', 1)).toBe(1)
  })

  test('that others do not want can be used beyond the share', () => {
    let nowMs = 0
    const admission = new Admission({ most: 10, nowMs: () => nowMs })
    enter(admission, 'b', 1)
    admission.leave('b')
    expect(enter(admission, 'a', 10)).toBe(5)
    nowMs = 3_000 // b has not asked for a while
    expect(enter(admission, 'a', 10)).toBe(5)
  })

  test('become fewer while the process is late, and come back when it is not', () => {
    const admission = new Admission({ most: 100 })
    enter(admission, 'a', 60)
    admission.late(400) // one pause
    expect(admission.places).toBe(100)
    admission.late(400)
    expect(admission.places).toBe(42)
    expect(enter(admission, 'a', 1)).toBe(0)
    for (let time = 0; time < 50; time++) admission.late(500)
    expect(admission.places).toBe(13)
    for (let time = 0; time < 50; time++) admission.late(1)
    expect(admission.places).toBe(100)
  })
})
