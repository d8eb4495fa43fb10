import CJansson

struct RefusedByJansson: Error {}

/// The peer: jansson into its tree, which is freed again. It refuses repeated keys and bad UTF-8,
/// as ours does.
func readWithJansson(_ bytes: [UInt8]) throws(RefusedByJansson) {
    var error = json_error_t()
    let tree = unsafe bytes.withUnsafeBytes { input in
        unsafe json_loadb(
            input.baseAddress?.assumingMemoryBound(to: CChar.self), input.count,
            Int(JSON_REJECT_DUPLICATES), &error)
    }
    guard let tree = unsafe tree else { throw RefusedByJansson() }
    unsafe json_decref(tree)
}
