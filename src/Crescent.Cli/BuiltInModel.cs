using Crescent.Nano;
using Crescent.Text.Templates;

namespace Crescent.Cli;

/// <summary>The model that the program brings along: what commands open where none is named.</summary>
internal sealed class BuiltInModel
{
    /// <summary>A folder with its files; unpacks them where they are not on disk yet.</summary>
    public required Func<string> Folder { get; init; }

    /// <summary>Tools on offer unless the user says otherwise.</summary>
    public required Func<IReadOnlyList<ToolDefinition>> Tools { get; init; }

    /// <summary>The one of this build; null where it holds none.</summary>
    public static BuiltInModel? OfBuild() => NanoModel.IsIncluded ? new BuiltInModel { Folder = NanoModel.Folder, Tools = () => NanoModel.Tools } : null;

    /// <summary>The system message unless the user gives another.</summary>
    public static string SystemMessage(DateOnly today) => NanoModel.SystemMessage(today);
}
