import Foundation

/// The demonstration's page in Chromium on this machine, by `Tests/PageTests/first.mjs`: what a
/// browser is sent for it, the chart library apart, and how soon after the click the first live
/// value stands there. The time is a person's wait, so it is wall time, of both processors.
func serviceMeasurements() -> [Measurement] {
    let visit = PageVisit()
    return [
        Measurement(name: "service.page.bytes") {
            Row(name: "service.page.bytes", values: [try visit.result().bytes], unit: "bytes")
        },
        Measurement(name: "service.page.first") {
            Row(name: "service.page.first", values: try visit.result().first, unit: "ms")
        },
    ]
}

/// One round of visits for both rows.
private final class PageVisit {
    struct Result: Decodable {
        var bytes: Double
        var first: [Double]
    }

    private static let runs = 15
    private var known: Result?

    func result() throws -> Result {
        if let known { return known }
        for program in ["/usr/bin/node", "/usr/bin/chromium"]
        where !FileManager.default.isExecutableFile(atPath: program) {
            throw TransportFault.absent(program)
        }
        let built = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        let script = Process()
        let output = Pipe()
        script.executableURL = URL(filePath: "/usr/bin/node")
        script.arguments = ["Tests/PageTests/first.mjs", String(PageVisit.runs)]
        script.environment = ProcessInfo.processInfo.environment.merging(
            ["FIELDCAST_NODE": built.appending(path: "fieldcast-node").path]) { $1 }
        script.standardOutput = output
        try script.run()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        script.waitUntilExit()
        guard script.terminationStatus == 0 else { throw TransportFault.ended }
        let result = try JSONDecoder().decode(Result.self, from: said)
        known = result
        return result
    }
}
