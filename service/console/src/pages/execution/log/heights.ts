/** Where the lines of a log stand: all are equally high, but for the few that are open. */

interface Extra {
  index: number;
  /** By how much the line is higher than others, in CSS pixels. */
  height: number;
}

export class Heights {
  /** `extras` in the order of their indexes. */
  constructor(
    private readonly count: number,
    private readonly line: number,
    private readonly extras: readonly Extra[],
  ) {}

  /** The height of all lines together. */
  get total(): number {
    return this.topOf(this.count);
  }

  /** The offset of a line from the top of the first one. */
  topOf(index: number): number {
    let top = index * this.line;
    for (const extra of this.extras) {
      if (extra.index >= index) break;
      top += extra.height;
    }
    return top;
  }

  /** The line that stands at an offset; beyond the ends the nearest one. */
  indexAt(offset: number): number {
    let above = 0;
    for (const extra of this.extras) {
      const top = extra.index * this.line + above;
      if (offset < top + this.line) break;
      if (offset < top + this.line + extra.height) return extra.index;
      above += extra.height;
    }
    return Math.max(0, Math.min(this.count - 1, Math.floor((offset - above) / this.line)));
  }
}
