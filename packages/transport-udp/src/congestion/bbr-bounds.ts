// What losses have taught BBR not to exceed (draft-ietf-ccwg-bbr, "Updating the Model Upon Packet Loss"): for this cycle a
// rate and a volume in the short term, and over cycles a volume that is raised again only by careful probing.

const beta = 0.7; // no deeper cut than CUBIC's
const headroomShare = 0.15; // left free for others while cruising
const growthRoundsMax = 30;
const none = Number.POSITIVE_INFINITY;

export class BbrBounds {
  readonly #datagramBytes: number;
  /** Volume that was safe, over cycles ("inflight_longterm"). */
  longTermBytes: number = none;
  /** "inflight_shortterm" and "bw_shortterm". */
  shortTermBytes: number = none;
  shortTermBytesPerMs: number = none;
  #growthRounds = 0;
  #ackedPerDatagram: number = none;
  #acked = 0;
  #undo = { longTermBytes: none, shortTermBytes: none, shortTermBytesPerMs: none };

  constructor(datagramBytes: number) {
    this.#datagramBytes = datagramBytes;
  }

  /** The long-term bound less what other flows may need to grow. */
  get withHeadroomBytes(): number {
    if (this.longTermBytes === none) return none;
    return this.longTermBytes - Math.max(this.#datagramBytes, headroomShare * this.longTermBytes);
  }

  /** A loss episode begins: what it does may have to be undone. */
  save(): void {
    const { longTermBytes, shortTermBytes, shortTermBytesPerMs } = this;
    this.#undo = { longTermBytes, shortTermBytes, shortTermBytesPerMs };
  }

  /** "Handling a Spurious Loss Recovery". */
  undo(): void {
    this.longTermBytes = Math.max(this.longTermBytes, this.#undo.longTermBytes);
    this.shortTermBytes = Math.max(this.shortTermBytes, this.#undo.shortTermBytes);
    this.shortTermBytesPerMs = Math.max(this.shortTermBytesPerMs, this.#undo.shortTermBytesPerMs);
  }

  resetShortTerm(): void {
    this.shortTermBytes = none;
    this.shortTermBytesPerMs = none;
  }

  /** Once in a round with losses while not probing ("When not Probing for Bandwidth"). */
  lower(latestBytesPerMs: number, latestBytes: number, maxBytesPerMs: number, windowBytes: number): void {
    if (this.shortTermBytesPerMs === none) this.shortTermBytesPerMs = maxBytesPerMs;
    if (this.shortTermBytes === none) this.shortTermBytes = windowBytes;
    this.shortTermBytesPerMs = Math.max(latestBytesPerMs, beta * this.shortTermBytesPerMs);
    this.shortTermBytes = Math.max(latestBytes, beta * this.shortTermBytes);
  }

  /** Probing went too far with `inFlightBytes`. */
  tooHigh(inFlightBytes: number, targetBytes: number): void {
    this.longTermBytes = Math.max(inFlightBytes, beta * targetBytes);
  }

  /** `inFlightBytes` went well. */
  proved(inFlightBytes: number): void {
    if (this.longTermBytes !== none) this.longTermBytes = Math.max(this.longTermBytes, inFlightBytes);
  }

  beginRefill(): void {
    this.#growthRounds = 0;
    this.#acked = 0;
  }

  /** The slope doubles every round ("Accelerating to Probe for Bandwidth"). */
  steepen(windowBytes: number): void {
    const growth = 2 ** this.#growthRounds;
    this.#growthRounds = Math.min(this.#growthRounds + 1, growthRoundsMax);
    this.#ackedPerDatagram = Math.max(windowBytes / growth, this.#datagramBytes);
  }

  /** While the bound is what holds the sender back: raises it by what was acknowledged. */
  probeUpward(ackedBytes: number): void {
    this.#acked += ackedBytes;
    if (this.#acked < this.#ackedPerDatagram) return;
    const steps = Math.floor(this.#acked / this.#ackedPerDatagram);
    this.#acked -= steps * this.#ackedPerDatagram;
    this.longTermBytes += steps * this.#datagramBytes;
  }
}
