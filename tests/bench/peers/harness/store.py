"""Finished measurements, in a JSON file that is written after each, so that a comparison can be interrupted."""
import json
import os


class Store:
    """A dictionary that is a file."""

    def __init__(self, path):
        self.path = path
        self.data = {}
        if os.path.exists(path):
            with open(path) as file:
                self.data = json.load(file)

    def __contains__(self, key):
        return key in self.data

    def __getitem__(self, key):
        return self.data[key]

    def get(self, key, default=None):
        return self.data.get(key, default)

    def __setitem__(self, key, value):
        self.data[key] = value
        self._write()

    def remove(self, unwanted):
        """Forgets the entries whose values are `unwanted(value)`."""
        self.data = {key: value for key, value in self.data.items() if not unwanted(value)}
        self._write()

    def _write(self):
        scratch = self.path + ".new"
        with open(scratch, "w") as file:
            json.dump(self.data, file, indent=1, sort_keys=True)
        os.replace(scratch, self.path)
