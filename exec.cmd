@rem cmd.exe has no exec; the scripts in package.json use it so that npm ends as they end.
@%*
