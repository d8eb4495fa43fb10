import Testing

@Suite("The tree is tidy") struct TidyTests {
    static let checkout = Result { try Tree.checkout() }

    @Test("The checkout is found") func checkoutIsFound() throws {
        #expect(try Self.checkout.get().files.contains { $0.path == "Package.swift" })
    }

    @Test(arguments: Check.all) func holds(_ check: Check) throws {
        for finding in check.find(try Self.checkout.get()) {
            Issue.record("\(finding)")
        }
    }

    @Test("Every listed door and every long file is there") func listedFilesExist() throws {
        let paths = Set(try Self.checkout.get().files.map(\.path))
        let listed = LayerRules.doors.values.reduce(Set(LayerRules.longFiles.keys)) { $0.union($1) }
        #expect(listed.subtracting(paths).sorted() == [])
    }
}
