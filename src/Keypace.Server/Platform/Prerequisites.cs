using System.Runtime.InteropServices;

namespace Keypace.Server.Platform;

/// <summary>What the machine must have before anything else is done: without it the runtime itself would end with a trace.</summary>
internal static class Prerequisites
{
    /// <summary>The sentence that says what is missing and how to mend it; null where nothing is.</summary>
    public static string? WhatIsMissing(bool isServing)
    {
        if (!HasUnicodeData())
            return "The library libicu is missing (names are compared by Unicode form). Install it: apt-get install 'libicu[0-9]*', or dnf install libicu.";
        return isServing ? OpenFiles.WhyTooFew(OpenFiles.Limit) : null;
    }

    /// <summary>Looks for it as the runtime does. Nothing here may compare or write by a culture, which would need what it looks for.</summary>
    private static bool HasUnicodeData()
    {
        if (!OperatingSystem.IsLinux()
            || Environment.GetEnvironmentVariable("DOTNET_ICU_VERSION_OVERRIDE") is not null
            || Environment.GetEnvironmentVariable("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT") is not null
            || Environment.GetEnvironmentVariable("DOTNET_SYSTEM_GLOBALIZATION_APPLOCALICU") is not null)
        {
            return true;
        }

        for (var version = 99; version >= 50; version--)   // 67 to 78 are about
        {
            if (NativeLibrary.TryLoad(string.Concat("libicuuc.so.", new string([(char)('0' + (version / 10)), (char)('0' + (version % 10))])), out _))
                return true;
        }

        return NativeLibrary.TryLoad("libicuuc.so", out _);
    }
}
