/** Reads again when asked, but not without a rest after each reading; what is asked meanwhile is one more. */
export class Paced {
  private isBusy = false;
  private isDue = false;
  private isStopped = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly read: () => Promise<unknown>,
    private readonly restMs: number,
  ) {}

  /** Asks for a reading: now, or after the present one and its rest. */
  ask(): void {
    this.isDue = true;
    if (!this.isBusy && !this.isStopped) void this.work();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private async work(): Promise<void> {
    this.isBusy = true;
    this.isDue = false;
    try {
      await this.read();
    } finally {
      this.timer = setTimeout(() => {
        this.isBusy = false;
        if (this.isDue) this.ask();
      }, this.restMs);
    }
  }
}
