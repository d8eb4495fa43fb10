import Pages
import Transport
import Wire

/// The files of the demonstration's page, ready to be sent: shortened, joined, compressed and
/// tagged once, before anybody asks. Shared by all loops.
struct PageShelf: Sendable {
    private struct Book: Sendable {
        let type: String
        let tag: String
        let plain: [UInt8]
        let gzip: [UInt8]?
    }

    private var books: [String: Book] = [:]

    /// Where Debian's libjs-chart.js has Chart.js.
    static let chartLibrary = "/usr/share/javascript/chart.js/chart.min.js"

    private static let entry = "/page.js"

    init(chartLibrary: String = PageShelf.chartLibrary) {
        var modules: [String: [UInt8]] = [:]
        for file in PageFile.all {
            switch file.kind {
            case .script:
                let script = PageShelf.withoutComments(file.bytes)
                modules[file.path] = script
                put(file.path, file.kind, script)
            case .style: put(file.path, file.kind, PageShelf.withoutComments(file.bytes))
            case .page, .picture: put(file.path, file.kind, file.bytes)
            }
        }
        // The page's own modules go as one; each can be had by itself as well.
        if let joined = ModuleJoin.join(PageShelf.entry, of: modules) {
            put(PageShelf.entry, .script, joined)
        }
        // Without the library there is an empty one: the page draws a plainer line, and nothing is
        // missing that a console would complain about.
        put("/chart.js", .script, (try? Process.read(chartLibrary)) ?? [])
    }

    private mutating func put(_ path: String, _ kind: PageFile.Kind, _ bytes: [UInt8]) {
        var digest = Digest()
        digest.add(bytes.span)
        books[path] = Book(
            type: kind.rawValue, tag: "\"\(ViewHash(digest).hex)\"", plain: bytes,
            gzip: Gzip.compress(bytes))
    }

    /// How many bytes a browser is sent for a file.
    func compressedBytes(of path: String) -> Int? {
        books[path].map { ($0.gzip ?? $0.plain).count }
    }

    /// The answer, if the path is one of the page's.
    func answer(_ request: HTTPRequest) -> HTTPResponse? {
        guard request.method == .get || request.method == .head, let book = books[request.path]
        else { return nil }
        var fields = PageShelf.fields
        fields.append(("etag", book.tag))
        // A proxy that compressed it made the tag a weak one.
        let known = request.fields.list("if-none-match")
        if known.contains(book.tag) || known.contains("W/" + book.tag) {
            return HTTPResponse(.notModified, fields: fields)
        }
        fields.append(("content-type", book.type))
        if let gzip = book.gzip, request.fields.lists("accept-encoding", "gzip") {
            fields.append(("content-encoding", "gzip"))
            return HTTPResponse(.ok, fields: fields, body: gzip)
        }
        return HTTPResponse(.ok, fields: fields, body: book.plain)
    }

    /// Of the one script that stands in the page itself and opens the line: no other may.
    static let opening = "sha256-3efKRFAGmYMq+nyizdzztNhWIXLrVM9rWLy0DO3MY04="

    /// Scripts and styles of this server alone, no frame around it, no markup made from text, and
    /// nothing about the address, which has a token in it, to anybody else.
    private static let fields: [(name: String, value: String)] = [
        ("cache-control", "no-cache"), ("vary", "accept-encoding"),
        ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "content-security-policy",
            "default-src 'none'; script-src 'self' '\(PageShelf.opening)'; "
                + "style-src 'self'; img-src 'self'; "
                + "connect-src 'self'; base-uri 'none'; form-action 'none'; "
                + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
        ),
    ]

    /// Scripts and styles without indentation and without the lines that are comments alone. Code
    /// is not looked into: no string of ours begins a line with what looks like a comment.
    static func withoutComments(_ bytes: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        kept.reserveCapacity(bytes.count)
        var isInside = false
        for line in bytes.split(separator: 0x0a) {
            let text = line.drop { $0 == 0x20 }
            if isInside {
                isInside = !ends(text)
            } else if text.starts(with: "/*".utf8) {
                isInside = !ends(text)
            } else if !text.isEmpty, !text.starts(with: "//".utf8) {
                kept += text
                kept.append(0x0a)
            }
        }
        return kept
    }

    private static func ends(_ comment: ArraySlice<UInt8>) -> Bool {
        comment.reversed().starts(with: "/*".utf8)
    }
}
