// Packets declared lost that may still be acknowledged: then they were only late. Each such case makes loss detection
// more patient (RFC 9002 section 6.1.1 leaves adapting the packet threshold open; RFC 8985, RACK, reasons likewise),
// and when everything that made the window shrink was only late, the shrinking can be taken back.

const rememberedMax = 512; // beyond it the oldest count as truly lost
const packetThresholdMin = 3;
const packetThresholdMax = 512;

export class LatePackets {
  /** Number of each packet declared lost, and the cut of the window it belongs to. */
  readonly #lost = new Map<number, number>();
  #cut = 0;
  /** Of the latest cut: how many packets are not known to have been late. */
  #missing = 0;
  #threshold = packetThresholdMin;
  spurious = 0;

  /** So many packets behind an acknowledged one a packet counts as lost. */
  get packetThreshold(): number {
    return this.#threshold;
  }

  /** A packet was declared lost. */
  note(packetNumber: number): void {
    if (this.#lost.size === rememberedMax) this.#lost.delete(this.#lost.keys().next().value!);
    this.#lost.set(packetNumber, this.#cut);
    this.#missing += 1;
  }

  /** The window shrinks for packets that are noted from now on. */
  beginCut(): void {
    this.#cut += 1;
    this.#missing = 0;
  }

  /** The path may be another one. */
  forget(): void {
    this.#lost.clear();
    this.#threshold = packetThresholdMin;
  }

  /**
   * Looks for late ones among what `ranges` acknowledges (flat, the highest first) and tells them; true when with them
   * everything of the latest cut was late.
   */
  acknowledge(ranges: readonly number[], tell: (packetNumber: number) => void): boolean {
    let found = false;
    for (const [packetNumber, cut] of this.#lost) {
      if (!contains(ranges, packetNumber)) continue;
      this.#lost.delete(packetNumber);
      this.spurious += 1;
      this.#threshold = Math.min(packetThresholdMax, Math.max(this.#threshold, ranges[1]! - packetNumber));
      if (cut === this.#cut) {
        this.#missing -= 1;
        found = true;
      }
      tell(packetNumber);
    }
    return found && this.#missing === 0;
  }
}

function contains(ranges: readonly number[], packetNumber: number): boolean {
  for (let i = 0; i < ranges.length; i += 2) if (packetNumber >= ranges[i]!) return packetNumber < ranges[i + 1]!;
  return false;
}
