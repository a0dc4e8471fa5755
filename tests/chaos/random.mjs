// One stream of random numbers for the faults of a run: the same seed, the same faults.
export class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  // 0 <= x < 1 (mulberry32)
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  between(min, max) {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(pct) {
    return this.next() * 100 < pct;
  }

  shuffle(items) {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.between(0, i);
      [result[i], result[j]] = [result[j], result[i]];
    }
    return result;
  }
}
