@main struct MillstreamCommand { static func main() {} }
