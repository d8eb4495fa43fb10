import Foundation

/// `fieldcast-bench [--filter TEXT]`: takes the measurements whose names begin with TEXT.
@main
enum Program {
    static func main() throws {
        var filter = ""
        var arguments = CommandLine.arguments.dropFirst()
        while let argument = arguments.popFirst() {
            guard argument == "--filter", let text = arguments.popFirst() else {
                fail("usage: fieldcast-bench [--filter TEXT]")
            }
            filter = text
        }
        let fixture = try Fixture()
        let measurements = try
            (encodingMeasurements(fixture) + diffMeasurements(fixture) + hubMeasurements(fixture)
            + transportMeasurements(fixture) + nodeMeasurements(fixture) + serviceMeasurements()
            + packageMeasurements() + operatorMeasurements() + probeMeasurements())
            .filter { $0.name.hasPrefix(filter) }
        guard !measurements.isEmpty else { fail("no measurement's name begins with \(filter)") }

        say(Report.header)
        var report = Report(rows: [])
        for measurement in measurements {
            do {
                let row = try measurement.run()
                say(Report.line(of: row))
                report.rows.append(row)
            } catch TransportFault.absent(let peer) {
                // The other rows are worth having all the same.
                say("\(measurement.name): left out, there is no \(peer); see tools/deps.sh")
            } catch TransportFault.invalid(let why) {
                say("\(measurement.name): not valid, \(why)")
            }
        }
        try report.write()
        say("\(report.rows.count) rows in \(Report.file)")
    }

    /// At once, so that a run that is stopped has told what it measured.
    private static func say(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    private static func fail(_ message: String) -> Never {
        FileHandle.standardError.write(Data((message + "\n").utf8))
        exit(2)
    }
}
