using System.CommandLine;
using System.Globalization;
using Crescent.Cli.Hub;
using Crescent.Cli.Json;

namespace Crescent.Cli.Commands;

/// <summary><c>crescent models</c>: what the store holds; <c>models rm</c> takes a model out of it.</summary>
internal static class ModelsCommand
{
    public static Command Create(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "One JSON document.", Recursive = true };
        var command = new Command("models", "Lists the models of the store (CRESCENT_HOME).") { json, CreateRemove(terminal, json) };
        command.SetAction(parsed =>
        {
            var store = ModelStore.FromEnvironment();
            var models = store.List().Select(Describe).ToArray();
            if (parsed.GetValue(json))
            {
                CliJson.Write(terminal.Out, new ModelsJson(store.Root, models));
            }
            else
            {
                Print(terminal, store, models);
            }
        });
        return command;
    }

    private static Command CreateRemove(Terminal terminal, Option<bool> json)
    {
        var name = new Argument<string>("NAME") { Description = "org/name, or its last part where no other model has it." };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var command = new Command("rm", "Deletes a model from the store.") { name, yes };
        command.SetAction(parsed =>
        {
            var store = ModelStore.FromEnvironment();
            var model = Find(store, parsed.GetValue(name)!);
            var bytes = model.Bytes();
            if (!parsed.GetValue(yes) && !Confirm(terminal, model, bytes))
            {
                throw new CommandFailedException($"{model.Id.Name} was not deleted");
            }

            store.Remove(model);
            if (parsed.GetValue(json))
            {
                CliJson.Write(terminal.Out, new RemovedModelJson(model.Id.Name, bytes, Removed: true));
            }
            else
            {
                terminal.Out.WriteLine($"deleted {model.Id.Name}, {Sizes.Format(bytes)}");
            }
        });
        return command;
    }

    private static StoredFolder Find(ModelStore store, string name) =>
        HubId.TryParse(name) is null && !HubId.IsPart(name)
            ? throw new CommandFailedException($"expected the name of a stored model, org/name or its last part, found '{SafePath.Printable(name)}'", CommandFailedException.WrongUsage)
            : store.Find(HubId.SplitQuant(name) is (var whole, null) ? whole : throw new CommandFailedException($"'{name}': models are deleted whole: name it without ':…'", CommandFailedException.WrongUsage))
                ?? throw new CommandFailedException($"no model '{name}' in the store; 'crescent models' lists them");

    private static bool Confirm(Terminal terminal, StoredFolder model, long bytes)
    {
        if (!terminal.InputIsTerminal)
        {
            throw new CommandFailedException($"{model.Id.Name}: nobody can be asked here: --yes deletes it", CommandFailedException.WrongUsage);
        }

        terminal.Error.Write($"delete {model.Id.Name}, {Sizes.Format(bytes)}? [y/N] ");
        terminal.Error.Flush();
        return terminal.In.ReadLine()?.Trim().ToLowerInvariant() is "y" or "yes";
    }

    private static StoredModelEntryJson Describe(StoredFolder folder) => new(
        folder.Id.Name, ModelFormat.Of(folder.Model), ModelFormat.Quants(folder.Model), folder.Bytes(), folder.Model?.Pulled, folder.IsComplete, folder.Model?.Revision, folder.Model?.Commit, folder.Path);

    private static void Print(Terminal terminal, ModelStore store, StoredModelEntryJson[] models)
    {
        if (models.Length == 0)
        {
            terminal.Note($"no models in {store.Root}; 'crescent pull org/name' brings one");
            return;
        }

        var width = models.Max(model => model.Name.Length);
        foreach (var model in models)
        {
            var kind = model.Quants.Count > 0 ? $"{model.Format} {string.Join(',', model.Quants)}" : model.Format;
            var when = model.Pulled?.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? "";
            terminal.Out.WriteLine($"{model.Name.PadRight(width)}  {Sizes.Format(model.Bytes),10}  {when,-16}  {kind}{(model.Complete ? "" : " (not complete: pull it again)")}".TrimEnd());
        }
    }
}
