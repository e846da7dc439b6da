using System.Globalization;
using Crescent.Engine.Checkpoints;
using Crescent.Text.Templates;

namespace Crescent.Nano;

/// <summary>Crescent Nano: the small model that comes with the program. Its files are this assembly's resources; the weights have a licence of their own, which is among the files.</summary>
public static class NanoModel
{
    /// <summary>What the model is called.</summary>
    public const string Name = "crescent-nano";

    private static readonly Lazy<PackedModel?> s_model = new(() => PackedModel.Find(typeof(NanoModel).Assembly));

    private static readonly Lazy<UnpackedFolder> s_folder = new(() => new UnpackedFolder(CacheFolder.Of("built-in"), Model.Hash, Name, Model.Files));

    /// <summary>Whether this build holds the model.</summary>
    public static bool IsIncluded => s_model.Value is not null;

    /// <summary>Tools that the model was made for, as <c>tools</c> of the chat completions API.</summary>
    public static IReadOnlyList<ToolDefinition> Tools => s_model.Value?.Tools ?? [];

    private static PackedModel Model => s_model.Value ?? throw new NotSupportedException("this build holds no built-in model; name one");

    /// <summary>A folder with the model's files, as published models have them: in the user's cache, unpacked by the first process that asks.</summary>
    /// <exception cref="NotSupportedException">This build does not hold the model.</exception>
    /// <exception cref="IOException">The files can be written nowhere.</exception>
    public static string Folder() => s_folder.Value.Find();

    /// <summary>The system message that the model was made for.</summary>
    /// <param name="today">What the conversation takes for today.</param>
    public static string SystemMessage(DateOnly today) => string.Create(CultureInfo.InvariantCulture, $"Today is {today:dddd}, {today:yyyy-MM-dd}.");
}
