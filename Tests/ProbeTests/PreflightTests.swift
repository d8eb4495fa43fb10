import Testing

@testable import Probe

@Suite("Before a run") struct PreflightTests {
    @Test("the system's files are read, and what they do not say limits nothing")
    func reads() {
        var found = Preflight()
        found.read(ports: "32768\t60999\n", memory: "MemTotal: 9 kB\nMemAvailable:   2048 kB\n")
        #expect(found.ports == 28_232 && found.freeBytes == 2 << 20)
        var nothing = Preflight()
        nothing.read(ports: "", memory: "MemAvailable: much")
        #expect(nothing == Preflight())
    }

    @Test("the limit that would bite is named with its remedy")
    func names() {
        var plan = LoadPlan()
        plan.connections = 30_000
        #expect(Preflight().fault(plan) == nil)
        #expect(Preflight(descriptors: 1_024).fault(plan)?.hint?.contains("ulimit") == true)
        #expect(Preflight(ports: 28_232).fault(plan)?.hint?.contains("sysctl") == true)
        #expect(Preflight(freeBytes: 1 << 20).fault(plan)?.message.contains("memory") == true)
    }

    @Test("This machine can be asked") func here() { #expect(Preflight.here().descriptors > 0) }
}
