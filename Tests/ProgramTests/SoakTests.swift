import Foundation
import Testing

@Suite("A soak") struct SoakTests {
    @Test("Clients come, go, stall and come back, and all hold what the node holds at the end")
    func short() throws {
        let room = try Room()
        try room.writeSecret("secret")
        let node = try ServingNode(
            ["--secret-file", "secret", "--listen", "127.0.0.1:0", "--loops", "2"], in: room)
        let port = try #require(node.address().split(separator: ":").last)
        let soak = try RunningProgram(
            "node-soak",
            [String(port), String(node.program.id), room.path("secret"), "60", "20"])
        let said = try soak.toTheEnd()
        #expect(soak.exitCode == 0, "\(said)")
        #expect(said.contains("all hashes equal"))
    }
}
