public import Wire

/// What was answered to whom, so that what is said twice is done once (rule 21). It lives and dies
/// with the effects it remembers: in the topic, in its epoch, in its transaction.
public struct Ledger: Sendable {
    /// Ids are counted within an instance of a client.
    struct Author: Hashable, Sendable {
        let principal: Text
        let instance: Text
    }

    public enum Verdict: Equatable, Sendable {
        case fresh
        /// Done before; this was the answer.
        case repeated(Notice.Outcome)
        /// The id was used for something else.
        case reused
        /// Beyond the window: nobody knows any more whether it was done.
        case tooOld
    }

    /// An answer that is stored with its effect.
    public struct Answer: Equatable, Sendable {
        public let principal: Text
        public let instance: Text
        public let id: UInt64
        public let fingerprint: UInt64
        public let version: UInt64

        public init(
            principal: Text, instance: Text, id: UInt64, fingerprint: UInt64, version: UInt64
        ) {
            self.principal = principal
            self.instance = instance
            self.id = id
            self.fingerprint = fingerprint
            self.version = version
        }
    }

    /// What is stored of one author: what was done, ascending by id, and up to which id nobody
    /// knows any more.
    public struct Chapter: Equatable, Sendable {
        public struct Line: Equatable, Sendable {
            public let id: UInt64
            public let fingerprint: UInt64
            public let version: UInt64

            public init(id: UInt64, fingerprint: UInt64, version: UInt64) {
                self.id = id
                self.fingerprint = fingerprint
                self.version = version
            }
        }

        public let principal: Text
        public let instance: Text
        public let forgotten: UInt64
        public let lines: [Line]

        public init(principal: Text, instance: Text, forgotten: UInt64, lines: [Line]) {
            self.principal = principal
            self.instance = instance
            self.forgotten = forgotten
            self.lines = lines
        }
    }

    private struct Entry: Sendable {
        let id: UInt64
        let fingerprint: UInt64
        let outcome: Notice.Outcome
    }

    private struct Page: Sendable {
        /// Ascending by id.
        var entries: [Entry] = []
        /// Ids at or below this one have been forgotten.
        var forgotten: UInt64 = 0
        var lastUse: UInt64 = 0
    }

    private var pages: [Author: Page] = [:]
    private var uses: UInt64 = 0
    /// How many answers it holds.
    private(set) var count = 0
    /// How many answers are kept for each author.
    private let window: Int
    /// How many authors are kept; the one longest silent is forgotten first.
    private let authors: Int

    public init(window: Int = 1_024, authors: Int = 1_024) {
        self.window = window
        self.authors = authors
    }

    public func verdict(
        _ principal: Text, _ instance: Text, _ id: UInt64, _ fingerprint: UInt64
    ) -> Verdict {
        guard let page = pages[Author(principal: principal, instance: instance)] else {
            return .fresh
        }
        let place = Ledger.place(of: id, in: page.entries)
        if place < page.entries.count, page.entries[place].id == id {
            let entry = page.entries[place]
            return entry.fingerprint == fingerprint ? .repeated(entry.outcome) : .reused
        }
        return id <= page.forgotten ? .tooOld : .fresh
    }

    public mutating func record(
        _ principal: Text, _ instance: Text, _ id: UInt64, _ fingerprint: UInt64,
        _ outcome: Notice.Outcome
    ) {
        let author = Author(principal: principal, instance: instance)
        uses += 1
        if pages[author] == nil && pages.count >= authors { forgetSilentAuthor() }
        var page = pages[author] ?? Page()
        pages[author] = nil
        page.lastUse = uses
        let entry = Entry(id: id, fingerprint: fingerprint, outcome: outcome)
        page.entries.insert(entry, at: Ledger.place(of: id, in: page.entries))
        count += 1
        // Twice the window, then half goes at once: removing one by one would move the rest.
        if page.entries.count > window * 2 {
            let extra = page.entries.count - window
            page.forgotten = page.entries[extra - 1].id
            page.entries.removeFirst(extra)
            count -= extra
        }
        pages[author] = page
    }

    public mutating func record(_ answer: Answer) {
        record(
            answer.principal, answer.instance, answer.id, answer.fingerprint,
            .done(version: answer.version))
    }

    /// What was done, for a checkpoint; the author longest silent comes first.
    var chapters: [Chapter] {
        // The uses are all different, so the order of the dictionary does not show.
        pages.sorted { $0.value.lastUse < $1.value.lastUse }.map { author, page in
            let lines = page.entries.compactMap { entry -> Chapter.Line? in
                guard case .done(let version) = entry.outcome else { return nil }
                return Chapter.Line(
                    id: entry.id, fingerprint: entry.fingerprint, version: version)
            }
            return Chapter(
                principal: author.principal, instance: author.instance,
                forgotten: page.forgotten, lines: lines)
        }
    }

    /// The ledger of a checkpoint.
    init(window: Int, chapters: [Chapter]) {
        self.init(window: window)
        for chapter in chapters.suffix(authors) {
            uses += 1
            count += chapter.lines.count
            let entries = chapter.lines.map {
                Entry(id: $0.id, fingerprint: $0.fingerprint, outcome: .done(version: $0.version))
            }
            pages[Author(principal: chapter.principal, instance: chapter.instance)] = Page(
                entries: entries, forgotten: chapter.forgotten, lastUse: uses)
        }
    }

    private mutating func forgetSilentAuthor() {
        // The uses are all different, so the order of the dictionary does not show.
        let oldest = pages.min { $0.value.lastUse < $1.value.lastUse }
        guard let oldest else { return }
        count -= oldest.value.entries.count
        pages[oldest.key] = nil
    }

    private static func place(of id: UInt64, in entries: [Entry]) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
