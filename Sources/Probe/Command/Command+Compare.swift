internal import Transport
internal import Wire

extension Command {
    static let compare = Command(
        name: "compare", words: "BEFORE AFTER",
        summary: "two results of load, side by side",
        options: [
            Option("tolerance", "SHARE", "worse by more than this misses (10%)")
        ],
        examples: [
            (
                "fieldcast-probe compare before.json after.json --tolerance 5%",
                "the exit code is 1 when a figure got worse by more than 5 %"
            )
        ]
    ) { (arguments) throws(UsageError) in
        let paths = try arguments.positions("BEFORE", "AFTER")
        let tolerance = try arguments.share("tolerance", or: 0.1)
        let comparison = Comparison(try kept(paths[0]), try kept(paths[1]))
        Process.write(comparison.text(tolerance: tolerance))
        return comparison.worse(than: tolerance).isEmpty ? .held : .missed
    }

    /// A result from a file.
    private static func kept(_ path: String) throws(UsageError) -> Map {
        let bytes = try Machine.read(path)
        guard case .map(let map)? = try? Value(json: bytes.span),
            map["format"] == .text(ResultValue.format)
        else {
            throw UsageError("\(path) is no result", hint: "load --result FILE makes one")
        }
        return map
    }
}
