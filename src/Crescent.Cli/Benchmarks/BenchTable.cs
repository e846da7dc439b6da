using System.Globalization;
using Crescent.Cli.Json;
using Crescent.Cli.Lossy;

namespace Crescent.Cli.Benchmarks;

/// <summary>A benchmark's result for people.</summary>
internal static class BenchTable
{
    public static void Write(TextWriter output, BenchJson report)
    {
        var read = report.Tests.DistinctBy(test => test.Threads).Select(test => string.Create(CultureInfo.InvariantCulture, $"{test.ReadGBps:F1} GB/s with {test.Threads} threads"));
        output.WriteLine($"{report.Machine.Cpu}, {report.Machine.Isa}, memory read at {string.Join(", ", read)}");
        output.WriteLine($"{report.Model.Path}: {report.Model.Architecture}, {report.Model.Type}, {Sizes.Format(report.Model.Bytes)}");
        if (report.Lossy is { } lossy)
        {
            output.WriteLine(LossyLabel.LineOf(lossy));
        }

        var mixture = report.Tests.Any(test => test.DistinctExpertsPerLayer is not null);
        output.WriteLine(
            $"{"test",-8} {"threads",7} {"tokens",7} {"depth",7} {"batch",6} {"tok/s",9} {"min",9} {"max",9} {"GB/s",7} {"share",6} {"MB/token",9} {"alloc B",8}{(mixture ? $" {"experts",8}" : "")} {"gain",6} {"allowed",8}");
        foreach (var test in report.Tests)
        {
            var speed = test.TokensPerSecond;
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{test.Test,-8} {test.Threads,7} {test.Tokens,7} {test.Depth,7} {test.Batch,6} {speed.Median,9:F2} {speed.Min,9:F2} {speed.Max,9:F2} {test.GbPerSecond,7:F1} {test.BandwidthShare,6:P0} {test.WeightBytesPerToken / 1e6,9:F1} {test.AllocatedBytesPerToken,8}{(mixture ? $" {test.DistinctExpertsPerLayer,8:F1}" : "")} {test.BatchGain,6:F2} {test.BatchGainAllowed,8:F2}").TrimEnd());
        }

        if (report.Tests.Any(test => test.Streaming is not null))
        {
            WriteStreaming(output, report.Tests);
        }

        foreach (var test in report.Tests)
        {
            if (test.Parts is { } parts)
            {
                WriteParts(output, test, parts);
            }
        }
    }

    private static void WriteStreaming(TextWriter output, IReadOnlyList<BenchTestJson> tests)
    {
        output.WriteLine();
        output.WriteLine($"{"from the drive",-16} {"depth",7} {"batch",6} {"in memory",10} {"MB/token",9} {"GB/s",7} {"busy",6} {"predicted",9} {"bound",8} {"of bound",9} {"waited ms",10} {"ahead used",11} {"slots",12} {"resident",10} {"limit",10}");
        foreach (var test in tests)
        {
            if (test.Streaming is { } streamed)
            {
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{test.Test,-16} {test.Depth,7} {test.Batch,6} {streamed.HitRate,10:P1} {streamed.DriveBytesPerToken / 1e6,9:F1} {streamed.DriveGBps,7:F2} {streamed.DriveBusyShare,6:P0} {streamed.PredictedTokensPerSecond,9:F2} {streamed.BoundTokensPerSecond,8:F2} {streamed.ShareOfBound,9:P0} {streamed.WaitedMsPerToken,10:F1} {streamed.AheadUsed,11:P0} {streamed.Slots + "/" + streamed.Experts,12} {Sizes.Format(streamed.ResidentBytes),10} {Sizes.Format(streamed.MemoryLimit),10}"));
            }
        }
    }

    private static void WriteParts(TextWriter output, BenchTestJson test, IReadOnlyList<BenchPartJson> parts)
    {
        var total = parts.Sum(part => part.MillisecondsPerToken);
        output.WriteLine();
        output.WriteLine($"{test.Test}, {test.Threads} threads, depth {test.Depth}, batch {test.Batch}: the last repeat");
        output.WriteLine($"{"part",-16} {"ms/token",9} {"share",6} {"GB/s",7} {"of read",8} {"GMAC/s",7}");
        foreach (var part in parts.OrderByDescending(part => part.MillisecondsPerToken))
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{part.Part,-16} {part.MillisecondsPerToken,9:F3} {part.MillisecondsPerToken / total,6:P0} {part.GbPerSecond,7:F1} {part.GbPerSecond / test.ReadGBps,8:P0} {part.GmacPerSecond,7:F0}"));
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"all",-16} {total,9:F3}"));
    }
}
