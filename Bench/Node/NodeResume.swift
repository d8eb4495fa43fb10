/// 5,000 clients with a token each are cut at once while patches flow: how long until 99 of 100
/// hold the newest version again, the random second included that each waits (S11).
struct NodeResume {
    var name: String
    var signsAsymmetrically: Bool
    private static let runs = 3

    func measurement(_ document: [UInt8]) -> Measurement {
        Measurement(name: name) {
            let times = try NodeClients.withFile(document) { file in
                try (0..<NodeResume.runs).map { _ in try measure(file) }
            }
            return Row(name: name, values: times, unit: "s")
        }
    }

    private func measure(_ file: String) throws -> Double {
        let server = try NodeServer(signsAsymmetrically: signsAsymmetrically)
        defer { server.end() }
        let numbers = try NodeClients.run([
            "resume", server.port, "5000", "20", server.signer, file,
        ])
        guard numbers.count == 3 else { throw TransportFault.unreadable("\(numbers)") }
        return numbers[0]
    }
}
