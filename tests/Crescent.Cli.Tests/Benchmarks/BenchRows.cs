using Crescent.Cli.Benchmarks;

namespace Crescent.Tests.Benchmarks;

/// <summary>Rows as a benchmark would write them.</summary>
internal static class BenchRows
{
    public static BenchRow Row(string test, double tokensPerSecond, int depth = 0, int batch = 1, int threads = 2, int repeat = 1) => new()
    {
        Time = new DateTime(2026, 11, 25, 12, 30, 1, DateTimeKind.Utc),
        Version = "0.1.0+abc",
        Cpu = "Some CPU",
        Isa = "avx512",
        Threads = threads,
        Model = "moonlight.gguf",
        Architecture = "deepseek2",
        Type = "Q4_0",
        ModelBytes = 8_995_386_016,
        KvType = "f16",
        Test = test,
        Tokens = 128,
        Depth = depth,
        Batch = batch,
        Ubatch = 512,
        Repeat = repeat,
        Seconds = 2.5,
        TokensPerSecond = tokensPerSecond,
        WeightBytesPerToken = 1_462_500_000,
        WeightGbPerSecond = 30.125,
        ReadGbPerSecond = 40.5,
        BandwidthShare = 0.75,
        AllocatedBytesPerToken = 0,
    };
}
