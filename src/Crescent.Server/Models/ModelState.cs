namespace Crescent.Server.Models;

public enum ModelState
{
    Unloaded,

    /// <summary>It loads, or waits for memory that others hold.</summary>
    Loading,

    Loaded,
}
