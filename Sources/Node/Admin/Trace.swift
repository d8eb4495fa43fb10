import Transport
import Wire

/// `fieldcast-node admin trace … --follow`: asks again and again, and prints what changed.
struct Trace {
    private let address: SocketAddress
    private let call: HTTPCall
    private let isJSON: Bool
    /// By connection and subscription: the line that was printed last.
    private var told: [String: String] = [:]

    private static let pause = Interval.milliseconds(250)

    init(
        _ address: SocketAddress, _ target: String, _ fields: [(name: String, value: String)],
        isJSON: Bool
    ) {
        self.address = address
        self.isJSON = isJSON
        call = HTTPCall(.get, host: address.description, target: target, fields: fields)
    }

    /// Until Ctrl-C, or until the connection is gone; gives the exit code.
    consuming func follow() -> Int32 {
        guard (try? Process.holdSignals()) != nil else { return 1 }
        var begun = false
        repeat {
            guard let answer = SingleCall.make(call, to: address) else {
                Process.write("fieldcast-node: nobody answers at \(address)\n", to: .error)
                return 1
            }
            guard answer.status == 200, case .map(let map)? = try? Value(json: answer.body.span)
            else {
                let text = begun ? "it is gone\n" : String(decoding: answer.body, as: UTF8.self)
                Process.write("fieldcast-node: \(text)", to: .error)
                return begun ? 0 : 1
            }
            begun = true
            for line in news(map) {
                var stamp: [UInt8] = []
                Process.wall.appendISO8601(to: &stamp)
                Process.write(stamp + Array(" \(line)\n".utf8))
            }
        } while Process.awaitSignal(within: Trace.pause) != .end
        return 0
    }

    /// A line for each subscription that is not as it was told last, and for each that left.
    mutating func news(_ map: Map) -> [String] {
        var now: [String: String] = [:]
        var lines: [String] = []
        for list in ["seats", "readers"] as [Text] {
            guard case .array(let rows)? = map[list] else { continue }
            for case .map(let row) in rows {
                let name = Trace.words(row, ["connection", "id"])
                let line = isJSON ? Trace.json(row) : TextTable.line(of: row)
                now[name] = line
                if told[name] != line { lines.append(line) }
            }
        }
        for (name, line) in told.sorted(by: { $0.key < $1.key }) where now[name] == nil {
            lines.append("left: " + line)
        }
        told = now
        return lines
    }

    private static func words(_ row: Map, _ names: [Text]) -> String {
        names.compactMap { row[$0].map { "\($0)" } }.joined(separator: " ")
    }

    private static func json(_ row: Map) -> String {
        var writer = Writer()
        writer.writeJSON(row)
        return String(decoding: writer.bytes(), as: UTF8.self)
    }
}
