using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using Crescent.Text.Templates;
using Crescent.Training.Parameters;

namespace Crescent.Training.Data;

/// <summary>
/// The schema-guided dialogues as conversations with tools. Beside the tools of their own services those of others are on offer. What is held out is as it was published, with at
/// least eight tools; what is trained on varies in the names and number of tools and in its date, each dialogue in one way that its key decides.
/// </summary>
internal sealed class ServiceDialogues(ServiceTools tools)
{
    private const int LeastHeldOut = 8;
    private const int MostOffered = 10;
    private static readonly string[][] s_alike = [["Media", "Movies"], ["Homes", "Hotels"], ["Events", "Movies"], ["Trains", "Buses"]];

    /// <summary>Keys begin with <c>sgd:</c>, those of dialogues with a service that is held out with <c>sgd-services:</c>.</summary>
    public static IEnumerable<Example> Read(string folder)
    {
        var reader = new ServiceDialogues(ServiceTools.Read(folder));
        return CorpusFile.ReadLines(folder, "sgd.jsonl").Select(reader.Convert);
    }

    private Example Convert(string line)
    {
        using var published = JsonDocument.Parse(line);
        var services = published.RootElement.GetProperty("services").EnumerateArray().Select(service => service.GetString()!).ToArray();
        var id = $"{published.RootElement.GetProperty("split").GetString()}:{published.RootElement.GetProperty("id").GetString()}";
        var isOfHeldOutService = services.Any(Split.HeldOutServices.Contains);
        var key = isOfHeldOutService ? $"sgd-services:{id}" : $"sgd:{id}";
        var isHeldOut = isOfHeldOutService || Split.IsHeldOut(key);
        var random = new TrainingRandom(XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(key)));
        var clock = isHeldOut ? DialogueClock.Published : DialogueClock.Draw(random, Dialogues.Said(published.RootElement));
        using var moved = JsonDocument.Parse(clock.Move(line));
        var offered = Offer(services, isHeldOut ? LeastHeldOut + random.Next(MostOffered - LeastHeldOut + 1) : TrainedCount(random), random);
        var naming = Naming(offered, isHeldOut, random);
        var messages = Dialogues.Messages(moved.RootElement, name => name.Split('.') is [var service, var intent] ? naming.NameOf(service, intent) : name);
        if (isHeldOut || random.Next(8) > 0)
        {
            messages.Insert(0, new ChatMessage("system", DialogueClock.Describe(clock.Today)));
        }

        return Example.OfMessages(key, isHeldOut, messages, [.. offered.Select(function => tools.Tool(function.Service, function.Intent, naming))]);
    }

    // Two of five dialogues offer as many as the held-out ones do; the rest fewer, as most of a prompt would be declarations.
    private static int TrainedCount(TrainingRandom random) => random.Next(5) < 2 ? LeastHeldOut + random.Next(MostOffered - LeastHeldOut + 1) : 2 + random.Next(5);

    // All functions of the dialogue's services, and others up to the count that do nothing alike, in any order.
    private (string Service, string Intent)[] Offer(string[] services, int count, TrainingRandom random)
    {
        List<(string Service, string Intent)> offered = [.. services.SelectMany(service => tools.IntentsOf(service).Select(intent => (service, intent)))];
        var domains = services.Select(ToolNaming.Domain).ToHashSet(StringComparer.Ordinal);
        string[] others = [.. tools.Services.Where(service => !Split.HeldOutServices.Contains(service) && !domains.Any(domain => AreAlike(domain, ToolNaming.Domain(service))))];
        foreach (var i in random.Permutation(others.Length))
        {
            if (domains.Add(ToolNaming.Domain(others[i])))
            {
                offered.AddRange(tools.IntentsOf(others[i]).Take(count - offered.Count).Select(intent => (others[i], intent)));
            }

            if (offered.Count >= count)
            {
                break;
            }
        }

        return [.. random.Permutation(offered.Count).Select(i => offered[i])];
    }

    private static bool AreAlike(string first, string second) => first == second || s_alike.Any(pair => pair.Contains(first) && pair.Contains(second));

    private static ToolNaming Naming((string Service, string Intent)[] offered, bool isHeldOut, TrainingRandom random)
    {
        if (isHeldOut)
        {
            return ToolNaming.Published;
        }

        var naming = new ToolNaming((ToolNameForm)random.Next(4), random.Next(2) == 0);
        return offered.Select(function => naming.NameOf(function.Service, function.Intent)).Distinct().Count() == offered.Length ? naming : naming with { Form = ToolNameForm.ServiceAndIntent };
    }
}
