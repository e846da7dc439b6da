namespace Crescent.Engine.Checkpoints;

/// <summary>Where the user's system keeps what can be made again.</summary>
public static class CacheFolder
{
    /// <summary>A folder of ours; null where the system names none. <c>CRESCENT_HOME</c> stands in for the system's.</summary>
    public static string? Of(string kind) =>
        Environment.GetEnvironmentVariable("CRESCENT_HOME") is { Length: > 0 } home ? Path.Combine(home, kind)
        : Find() is { } folder ? Path.Combine(folder, "crescent", kind)
        : null;

    private static string? Find()
    {
        // The specification has relative paths ignored.
        if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache && Path.IsPathRooted(cache))
        {
            return cache;
        }

        var kind = OperatingSystem.IsWindows() ? Environment.SpecialFolder.LocalApplicationData : Environment.SpecialFolder.UserProfile;
        var user = Environment.GetFolderPath(kind, Environment.SpecialFolderOption.DoNotVerify);
        return user.Length == 0 ? null
            : OperatingSystem.IsWindows() ? user
            : OperatingSystem.IsMacOS() ? Path.Combine(user, "Library", "Caches")
            : Path.Combine(user, ".cache");
    }
}
