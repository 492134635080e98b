/**
 * Reads the text of server-sent events.
 *
 * Not a library's: those forget an id that comes without data, with which our server begins each stream, so that
 * whoever has seen no event yet can come back behind the place where it began.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */

export interface StreamEvent {
  /** Its type; `message` where the server names none. */
  event: string;
  data: string;
}

/** Takes the text as it comes, in pieces of any size. */
export class EventParser {
  // A lone CR at the end may be the first half of a CRLF.
  private readonly line = /([^\r\n]*)(?:\r\n|\n|\r(?!$))/y;
  private rest = "";
  private id: string;
  private type = "";
  private dataLines: string[] = [];

  /** `lastEventId` is the one to come back with, at any time. */
  constructor(public lastEventId = "") {
    this.id = lastEventId;
  }

  /** Forgets what a stream that broke off has left unfinished; a new one begins. */
  begin(): void {
    [this.rest, this.id, this.type, this.dataLines] = ["", this.lastEventId, "", []];
  }

  /** Takes a piece, and yields the events that it completes. */
  *feed(piece: string): Generator<StreamEvent> {
    const text = this.rest + piece;
    let read = 0;
    this.line.lastIndex = 0;
    for (let line = this.line.exec(text); line; line = this.line.exec(text)) {
      read = this.line.lastIndex;
      const event = line[1] ? this.take(line[1]) : this.complete();
      if (event) yield event;
    }
    this.rest = text.slice(read);
  }

  private take(line: string): null {
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "event") this.type = value;
    else if (field === "data") this.dataLines.push(value);
    else if (field === "id" && !value.includes("\0")) this.id = value;
    return null;
  }

  private complete(): StreamEvent | null {
    this.lastEventId = this.id;
    const event = { event: this.type || "message", data: this.dataLines.join("\n") };
    const isEmpty = this.dataLines.length === 0;
    this.type = "";
    this.dataLines = [];
    return isEmpty ? null : event;
  }
}
