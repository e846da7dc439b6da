using System.CommandLine;
using System.Globalization;
using Crescent.Cli.Json;
using Crescent.Cli.Options;
using Crescent.Engine.Experts.Eviction;
using Crescent.Engine.Experts.Traces;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent routing</c>: traces of which experts a model chose, and what slots would have done for them.</summary>
internal static class RoutingCommand
{
    private const string All = "all";
    private const string Optimal = "optimal";
    private const int MostTokens = 1 << 20;
    private const int MostExperts = 65536;
    private const int MostTopK = 256;
    private const int MostLayers = 1024;

    private static readonly Dictionary<string, EvictionPolicyKind> s_policies =
        Enum.GetValues<EvictionPolicyKind>().ToDictionary(policy => policy.ToString().ToLowerInvariant());

    public static Command Create(Terminal terminal) => new("routing", "Traces of the experts that tokens chose.") { CreateSimulate(terminal), CreateSynth(terminal) };

    private static Command CreateSimulate(Terminal terminal)
    {
        var trace = new Argument<string>("TRACE") { Description = "A file of --record-routing or of 'crescent routing synth'." };
        var slots = SlotList.Option("--slots", "3%,9%,18%,36%,54%,73%,100%");
        var policy = Values.Choice(
            "--policy", All, "Who gives way: lru, gate (recency weighted by gate), lfu (decaying counts), s3fifo, optimal (with foresight).", [All, .. s_policies.Keys, Optimal]);
        var warmup = Values.Number("--warmup", 0, "Steps that fill the slots and are not counted");
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("simulate", "Tells the hit rates that slots would have had.") { trace, slots, policy, warmup, json };
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(trace)!;
            var steps = Values.InRange(warmup.Name, 0, MostTokens, parsed.GetValue(warmup));
            var routing = RoutingTrace.Load(path);
            var name = parsed.GetValue(policy)!;
            var counts = SlotList.Parse(slots.Name, parsed.GetValue(slots)!, routing.Experts);
            string[] names = name == All ? [.. s_policies.Keys, Optimal] : [name];
            var results = from chosen in names
                          from count in counts
                          select Replay(routing, chosen, count, steps);
            var report = new RoutingSimulationJson(path, routing.Layers.Count, routing.Experts, routing.TopK, routing.Tokens, routing.IsComplete, steps, [.. results]);
            if (!routing.IsComplete)
            {
                terminal.Warn($"{path}: the recording was cut off; its whole records are used");
            }

            if (parsed.GetValue(json))
            {
                CliJson.Write(terminal.Out, report);
            }
            else
            {
                Print(terminal.Out, report, counts);
            }
        });
        return command;
    }

    private static Command CreateSynth(Terminal terminal)
    {
        var standard = new SyntheticRoutingOptions();
        var output = new Argument<string>("OUT") { Description = "The trace to write." };
        var layers = Values.Number("--layers", standard.Layers, "Layers of experts");
        var experts = Values.Number("--experts", standard.Experts, "Experts of a layer");
        var topK = Values.Number("--top-k", standard.TopK, "Experts that a token takes");
        var tokens = Values.Number("--tokens", standard.Tokens, "Tokens, a step each");
        var prompt = Values.Number("--prompt-tokens", standard.PromptTokens, "Tokens of a first step before them");
        var skew = Values.Number("--skew", standard.Skew, "Exponent of Zipf's law: 0 for even routing");
        var drift = Values.Number("--drift", standard.Drift, "Pairs of experts of a layer that swap their ranks after each token");
        var seed = Values.Number("--seed", standard.Seed, "Seed of the choices");
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("synth", "Writes a made-up trace.") { output, layers, experts, topK, tokens, prompt, skew, drift, seed, json };
        command.SetAction(parsed =>
        {
            var count = Values.InRange(experts.Name, 1, MostExperts, parsed.GetValue(experts));
            var options = new SyntheticRoutingOptions
            {
                Layers = Values.InRange(layers.Name, 1, MostLayers, parsed.GetValue(layers)),
                Experts = count,
                TopK = Values.InRange(topK.Name, 1, Math.Min(count, MostTopK), parsed.GetValue(topK)),
                Tokens = Values.InRange(tokens.Name, 0, MostTokens, parsed.GetValue(tokens)),
                PromptTokens = Values.InRange(prompt.Name, 0, MostTokens, parsed.GetValue(prompt)),
                Skew = InRange(skew.Name, parsed.GetValue(skew), 10),
                Drift = InRange(drift.Name, parsed.GetValue(drift), count),
                Seed = parsed.GetValue(seed),
            };
            if (options.Tokens + options.PromptTokens == 0)
            {
                throw new CommandFailedException("--tokens and --prompt-tokens: expected at least one token, found none", CommandFailedException.WrongUsage);
            }

            var path = parsed.GetValue(output)!;
            using (var writer = new RoutingTraceWriter(path))
            {
                SyntheticRouting.Write(options, writer);
            }

            var bytes = new FileInfo(path).Length;
            if (parsed.GetValue(json))
            {
                CliJson.Write(terminal.Out, new RoutingSynthJson(
                    path, bytes, options.Layers, options.Experts, options.TopK, options.Tokens + options.PromptTokens, options.Skew, options.Drift, options.Seed));
            }
            else
            {
                terminal.Out.WriteLine($"{path}: {options.Tokens + options.PromptTokens} tokens, {options.Layers} layers, {options.TopK} of {options.Experts} experts, {Sizes.Format(bytes)}");
            }
        });
        return command;
    }

    private static RoutingHitsJson Replay(RoutingTrace trace, string policy, int slots, int warmup)
    {
        var result = policy == Optimal ? RoutingReplay.RunOptimal(trace, slots, warmup) : RoutingReplay.Run(trace, slots, s_policies[policy], warmup);
        return new RoutingHitsJson(policy, slots, result.HitRate, result.Uses, result.Hits, result.FirstUses);
    }

    private static void Print(TextWriter output, RoutingSimulationJson report, int[] slots)
    {
        output.WriteLine($"{report.Path}: {report.Tokens} tokens, {report.Layers} layers, {report.TopK} of {report.Experts} experts");
        output.WriteLine($"hit rate by slots a layer{(report.Warmup > 0 ? $", after {report.Warmup} steps" : "")}");
        output.WriteLine($"{"",-8}{string.Concat(slots.Select(count => $"{count,8}"))}");
        output.WriteLine($"{"",-8}{string.Concat(slots.Select(count => string.Create(CultureInfo.InvariantCulture, $"{(double)count / report.Experts,8:P0}")))}");
        foreach (var policy in report.Results.GroupBy(result => result.Policy))
        {
            output.WriteLine($"{policy.Key,-8}{string.Concat(policy.Select(result => string.Create(CultureInfo.InvariantCulture, $"{result.HitRate,8:P1}")))}");
        }
    }

    private static double InRange(string option, double value, double most) =>
        value >= 0 && value <= most
            ? value
            : throw new CommandFailedException(string.Create(CultureInfo.InvariantCulture, $"{option}: expected 0..{most}, found {value}"), CommandFailedException.WrongUsage);
}
